// FdPoll: the thin libuv adapter for one readable descriptor.
//
// Threads: the loop's thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"

struct uv_loop_s;

namespace yard::engine {

class FdPoll {
  public:
    // Calls `on_ready` from the loop whenever `fd` is readable. The descriptor is borrowed: it must stay open
    // until the FdPoll is destroyed, which may be inside `on_ready`.
    static Result<std::unique_ptr<FdPoll>> open(uv_loop_s* loop, int fd, std::function<void()> on_ready);
    ~FdPoll();
    FdPoll(const FdPoll&) = delete;
    FdPoll& operator=(const FdPoll&) = delete;

    // Calls `on_ready` once in the loop's next turn even if nothing is readable. Calls before that turn are
    // one.
    void wake();

  private:
    struct Handles;
    explicit FdPoll(Handles* handles) : handles_(handles) {}

    Handles* handles_;  // frees itself when libuv has let go of both handles
};

}  // namespace yard::engine
