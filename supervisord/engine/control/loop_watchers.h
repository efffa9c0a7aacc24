// Thin owners of libuv handles: readiness of a descriptor, and time. They may be destroyed at any time, also
// by their own callback; libuv's memory follows when the loop has let go of it. Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"

struct uv_loop_s;

namespace yard::engine::control {

// Watches a descriptor that somebody else owns and keeps open for longer.
class FdWatcher {
  public:
    enum Events : unsigned {
        readable = 1,
        writable = 2,
        hangup =
            8,  // alone: both directions of a socket are closed; with others: look there, they end with it
    };
    using Callback = std::function<void(unsigned events)>;

    static Result<FdWatcher> create(uv_loop_s* loop, int fd, Callback callback);

    // What to be called for, as long as it is the case; 0: nothing.
    void watch(unsigned events);

  private:
    struct Handle;
    struct Close {
        void operator()(Handle* handle) const;
    };
    explicit FdWatcher(std::unique_ptr<Handle, Close> handle) : handle_(std::move(handle)) {}
    std::unique_ptr<Handle, Close> handle_;
};

// Calls once, a given time after it is armed. Rounded up to milliseconds.
class LoopTimer {
  public:
    LoopTimer(uv_loop_s* loop, std::function<void()> callback);

    void arm(Duration after);
    void disarm();
    bool is_armed() const;

  private:
    struct Handle;
    struct Close {
        void operator()(Handle* handle) const;
    };
    std::unique_ptr<Handle, Close> handle_;
};

}  // namespace yard::engine::control
