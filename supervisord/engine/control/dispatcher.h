// From the text of a message to the handler of its method: reads the call, finds its row, checks right and
// types.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "engine/control/call.h"

namespace yard::engine::control {

class Dispatcher {
  public:
    // `handlers` must outlive the dispatcher and every call that it makes.
    explicit Dispatcher(Handlers& handlers) : handlers_(handlers) {}

    // The call that `text` is, handed to its handler or answered with an error; unfinished when its answer
    // comes later. The error: the text is no varlink call, nothing was sent.
    Result<std::unique_ptr<Call>> dispatch(std::string_view text, const Call::Caller& caller,
                                           ReplySink& sink);

  private:
    Handlers& handlers_;
};

}  // namespace yard::engine::control
