// Doorbell: hears which of many FIFOs get their first byte. Most services never write; until one does, its FIFO is
// watched here, in the kernel's memory, and nothing else is made for its log.
//
// Threads: the loop's only.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"

struct uv_loop_s;

namespace yard::engine::logs {

class Doorbell {
  public:
    // `on_ring` gets the tag of a FIFO that holds bytes, and removes it.
    static Result<std::unique_ptr<Doorbell>> create(uv_loop_s* loop, std::function<void(void* tag)> on_ring);

    Status add(int fifo, void* tag);
    // REQUIRES: before `fifo` is closed.
    void remove(int fifo);
    // Calls `on_ring` for every FIFO that holds bytes by now, before it returns.
    void answer();

  private:
    Doorbell(UniqueFd epoll, std::function<void(void*)> on_ring)
        : epoll_(std::move(epoll)), on_ring_(std::move(on_ring)) {}

    UniqueFd epoll_;
    const std::function<void(void*)> on_ring_;
    FdWatch watch_;
};

}  // namespace yard::engine::logs
