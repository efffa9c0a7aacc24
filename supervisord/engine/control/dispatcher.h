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
    // Both must outlive the dispatcher and every call that it makes. What changes something, and what is refused,
    // goes on record in `trail`.
    Dispatcher(Handlers& handlers, AuditTrail& trail) : handlers_(handlers), trail_(trail) {}

    // The call that `text` is, handed to its handler or answered with an error; unfinished when its answer
    // comes later. The error: the text is no varlink call, nothing was sent.
    Result<std::unique_ptr<Call>> dispatch(std::string_view text, const Call::Caller& caller,
                                           ReplySink& sink);

  private:
    Handlers& handlers_;
    AuditTrail& trail_;
};

}  // namespace yard::engine::control
