// FdWatch: calls back while a descriptor is readable or writable. The thin adapter over uv_poll_t.
//
// Threads: the loop's only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"

struct uv_loop_s;

namespace yard::engine {

class FdWatch {
  public:
    enum class For : uint8_t { reading, writing };

    // `fd` is borrowed, becomes non-blocking, and must stay open until the watch is gone. `on_event` runs in
    // every turn of the loop that finds it ready, and once, as the last time, when it is in error (a refused
    // connection); it may destroy the watch. Fails for what epoll(7) cannot watch, such as a regular file.
    static Result<FdWatch> create(uv_loop_s* loop, int fd, For what, std::function<void()> on_event);

    // Watches nothing.
    FdWatch() = default;

    // Between the two `on_event` does not run; what is ready by then is seen at resume(). REQUIRES: watches
    // something.
    void pause();
    void resume();
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
