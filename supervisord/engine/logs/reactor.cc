#include "engine/logs/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace yard::engine::logs {
namespace {

BootTime now() {
    return SystemClock().now();
}

Status watch(int epoll, int fd, void* tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = tag;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return fail(system_error("epoll_ctl", "log thread"));
    return Ok();
}

void drain_counter(int fd) {
    uint64_t count;
    [[maybe_unused]] const ssize_t got = read(fd, &count, sizeof count);
}

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::create() {
    UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(system_error("epoll_create1", "log thread"));
    UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return fail(system_error("eventfd", "log thread"));
    UniqueFd timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer) return fail(system_error("timerfd_create", "log thread"));
    std::unique_ptr<Reactor> reactor(new Reactor(std::move(epoll), std::move(wake), std::move(timer)));
    for (UniqueFd* own : {&reactor->wake_, &reactor->timer_}) {
        if (Status watched = watch(reactor->epoll_.get(), own->get(), own); !watched)
            return fail(watched.error());
    }
    return reactor;
}

void Reactor::post(std::function<void()> command) {
    {
        const std::lock_guard lock(mutex_);
        commands_.push_back(std::move(command));
        if (commands_.size() > 1) return;  // the thread was woken for the first
    }
    const uint64_t one = 1;
    while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void Reactor::stop() {
    post([this] {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    });
}

void Reactor::run() {
    while (true) {
        run_commands();
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) return;
        }
        wait();
        run_turns();
    }
}

void Reactor::run_commands() {
    std::vector<std::function<void()>> commands;
    {
        const std::lock_guard lock(mutex_);
        commands.swap(commands_);
    }
    for (const auto& command : commands) command();
}

void Reactor::wait() {
    set_timer();
    epoll_event events[64];
    const int count = epoll_wait(epoll_.get(), events, 64, ready_.empty() ? -1 : 0);
    for (int i = 0; i < count; ++i) {
        void* tag = events[i].data.ptr;
        if (tag == &wake_) {
            drain_counter(wake_.get());
        } else if (tag == &timer_) {
            drain_counter(timer_.get());
            timer_at_.reset();
        } else {
            schedule(*static_cast<Task*>(tag));
        }
    }
    const BootTime present = now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= present) schedule(*deadlines_.begin()->second);
}

void Reactor::run_turns() {
    for (size_t count = ready_.size(); count > 0 && !ready_.empty(); --count) {
        Task* task = ready_.front();
        ready_.pop_front();
        task->queued_ = false;
        task->turn(now());
    }
}

void Reactor::set_timer() {
    if (deadlines_.empty() || (timer_at_ && *timer_at_ <= deadlines_.begin()->first)) return;
    timer_at_ = deadlines_.begin()->first;
    const auto since_boot = timer_at_->time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec when{};
    when.it_value = {seconds.count(), (since_boot - seconds).count()};
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Reactor::schedule(Task& task) {
    clear_deadline(task);
    if (task.queued_) return;
    task.queued_ = true;
    ready_.push_back(&task);
}

void Reactor::schedule_at(Task& task, BootTime when) {
    if (task.queued_ || (task.deadline_ && *task.deadline_ <= when)) return;
    clear_deadline(task);
    task.deadline_ = when;
    deadlines_.emplace(when, &task);
}

Status Reactor::arm(Task& task, int fd, uint32_t events) {
    epoll_event event{};
    event.events = events | EPOLLONESHOT;
    event.data.ptr = &task;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return Ok();
    if (errno == ENOENT && epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return Ok();
    return fail(system_error("epoll_ctl", "descriptor " + std::to_string(fd)));
}

void Reactor::forget(Task& task) {
    clear_deadline(task);
    if (std::exchange(task.queued_, false)) std::erase(ready_, &task);
}

void Reactor::forget_fd(int fd) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Reactor::clear_deadline(Task& task) {
    if (!task.deadline_) return;
    deadlines_.erase({*task.deadline_, &task});
    task.deadline_.reset();
}

}  // namespace yard::engine::logs
