// FdWatch: calls back while something can be done with a descriptor. The thin adapter over uv_poll_t.
//
// Threads: the loop's only.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"

struct uv_loop_s;

namespace yard::engine {

class FdWatch {
  public:
    enum Events : unsigned {
        reading = 1,
        writing = 2,
        // Both directions of a socket are closed, or the descriptor is in error (a refused connection: told once, as
        // the last event). Beside others: look there, they end with it.
        hangup = 8,
    };
    using Callback = std::function<void(unsigned events)>;

    // `fd` is borrowed, becomes non-blocking, and must stay open until the watch is gone. `on_event` runs in every turn
    // of the loop that finds one of `events`; it may destroy the watch. Fails for what epoll(7) cannot watch, such as a
    // regular file.
    static Result<FdWatch> create(uv_loop_s* loop, int fd, unsigned events, Callback on_event);

    // Watches nothing.
    FdWatch() = default;

    // What to be called for from now on; 0: nothing. What is there by then is seen. REQUIRES: made by create().
    void watch(unsigned events);
    // Ends the watch; `on_event` does not run again, and the descriptor may be closed at once.
    void reset() { block_.reset(); }
    explicit operator bool() const { return block_ != nullptr; }

  private:
    struct Block;
    struct Close {
        void operator()(Block* block) const;
    };
    std::unique_ptr<Block, Close> block_;
};

}  // namespace yard::engine
