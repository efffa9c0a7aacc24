// The descriptor that a handle gives to whoever waits with poll, epoll, libuv or asyncio: readable from when the
// object's bell rang, or the next delayed message is due, until clear(). It is an epoll of its own on both.
#pragma once

#include <atomic>
#include <mutex>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/channel/event_count.h"

namespace yard::ipc {

// Thread safe.
class WaitFd {
  public:
    // Makes it at the first call. `bell` is borrowed for that. The number stays this object's; -errno on failure.
    int open(int bell);
    bool is_open() const { return epoll_.load(std::memory_order_acquire) >= 0; }

    // Not readable from now on until something happens. Then say that the bell is wanted, and look once more.
    void clear();
    // Readable at that time of CLOCK_MONOTONIC; kForever: never by itself.
    void set_due(Nanoseconds due);

    ~WaitFd();

  private:
    std::mutex mutex_;
    std::atomic<int> epoll_{-1};
    uint32_t generation_ = 0;  // of the process that opened it: in a child the numbers may be anything by now
    UniqueFd timer_;
    Nanoseconds due_ = kForever;
};

}  // namespace yard::ipc
