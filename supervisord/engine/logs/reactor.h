// Reactor: the heart of the log thread. Tasks get turns, one after the other, each bounded by the task
// itself; a turn comes because it was asked for, because a descriptor became ready, or because its time has
// come. Without any of these the thread sleeps.
//
// It is not libuv because reading pays only when a little has gathered: that takes timers finer than a
// millisecond and readiness that is reported once, then asked for again.
//
// Thread safety: post() and stop() from any thread; everything else from the thread in run().
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace yard::engine::logs {

class Reactor {
  public:
    // REQUIRES: forget() before a task goes away.
    class Task {
      public:
        virtual ~Task() = default;
        virtual void turn(BootTime now) = 0;

      private:
        friend class Reactor;
        bool queued_ = false;
        std::optional<BootTime> deadline_;
    };

    static Result<std::unique_ptr<Reactor>> create();

    void run();
    // run() returns after the present turn.
    void stop();
    void post(std::function<void()> command);

    // A turn soon, behind those that wait already.
    void schedule(Task& task);
    // A turn at `when`, if no earlier one was asked for. Any turn takes this back.
    void schedule_at(Task& task, BootTime when);
    // A turn when `fd` is ready for `events` (EPOLLIN, EPOLLOUT), once. Fails on files, which are always
    // ready.
    Status arm(Task& task, int fd, uint32_t events);
    void forget(Task& task);
    // REQUIRES: before `fd` is closed, if it was ever armed.
    void forget_fd(int fd);

  private:
    Reactor(UniqueFd epoll, UniqueFd wake, UniqueFd timer)
        : epoll_(std::move(epoll)), wake_(std::move(wake)), timer_(std::move(timer)) {}
    void run_commands();
    void wait();
    void run_turns();
    void clear_deadline(Task& task);
    void set_timer();

    UniqueFd epoll_;
    UniqueFd wake_;   // eventfd: there are commands
    UniqueFd timer_;  // timerfd at the first deadline
    std::deque<Task*> ready_;
    std::set<std::pair<BootTime, Task*>> deadlines_;
    std::optional<BootTime> timer_at_;

    std::mutex mutex_;  // the two below
    std::vector<std::function<void()>> commands_;
    bool stopped_ = false;
};

}  // namespace yard::engine::logs
