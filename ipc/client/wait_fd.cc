#include "ipc/client/wait_fd.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/client/process_generation.h"

namespace yard::ipc {
namespace {

// Edge-triggered: after clear() an event that was there before is not told again.
bool watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

int WaitFd::open(int bell) {
    const std::lock_guard lock(mutex_);
    if (is_open()) return epoll_.load();
    UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!epoll || !timer || !watch(epoll.get(), bell) || !watch(epoll.get(), timer.get())) return -errno;
    timer_ = std::move(timer);
    generation_ = process_generation();
    epoll_.store(epoll.release(), std::memory_order_release);
    return epoll_.load();
}

void WaitFd::clear() {
    epoll_event events[2];
    epoll_wait(epoll_.load(), events, 2, 0);
}

void WaitFd::set_due(Nanoseconds due) {
    const std::lock_guard lock(mutex_);
    if (due == due_) return;
    due_ = due;
    constexpr Nanoseconds kSecond = 1'000'000'000;
    itimerspec when{};
    if (due != kForever) when.it_value = {due / kSecond, due % kSecond};
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

WaitFd::~WaitFd() {
    if (!is_open()) return;
    if (generation_ == process_generation())
        close(epoll_.load());
    else
        static_cast<void>(timer_.release());
}

}  // namespace yard::ipc
