#include "engine/control/loop_watchers.h"

#include <uv.h>

#include <algorithm>

namespace yard::engine::control {

static_assert(int{FdWatcher::readable} == int{UV_READABLE} && int{FdWatcher::writable} == int{UV_WRITABLE});
// Out-of-band data does not exist on Unix sockets, so a watch for it is one for the hang-up that epoll(7)
// always reports.
static_assert(int{FdWatcher::hangup} == int{UV_PRIORITIZED});

struct FdWatcher::Handle {
    uv_poll_t poll;
    Callback callback;
    unsigned watched = 0;
};

void FdWatcher::Close::operator()(Handle* handle) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll),
             [](uv_handle_t* closed) { delete static_cast<Handle*>(closed->data); });
}

Result<FdWatcher> FdWatcher::create(uv_loop_s* loop, int fd, Callback callback) {
    auto handle = std::make_unique<Handle>();
    if (const int error = uv_poll_init(loop, &handle->poll, fd); error != 0) {
        return fail(std::string("watching a descriptor: ") + uv_strerror(error), -error);
    }
    handle->poll.data = handle.get();
    handle->callback = std::move(callback);
    return FdWatcher(std::unique_ptr<Handle, Close>(handle.release()));
}

void FdWatcher::watch(unsigned events) {
    if (events == handle_->watched) return;  // uv_poll_start costs two system calls
    handle_->watched = events;
    if (events == 0) {
        uv_poll_stop(&handle_->poll);
        return;
    }
    uv_poll_start(&handle_->poll, static_cast<int>(events), [](uv_poll_t* poll, int status, int happened) {
        const auto* handle = static_cast<Handle*>(poll->data);
        handle->callback(status < 0 ? hangup : static_cast<unsigned>(happened));
    });
}

struct LoopTimer::Handle {
    uv_timer_t timer;
    std::function<void()> callback;
};

void LoopTimer::Close::operator()(Handle* handle) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->timer),
             [](uv_handle_t* closed) { delete static_cast<Handle*>(closed->data); });
}

LoopTimer::LoopTimer(uv_loop_s* loop, std::function<void()> callback) : handle_(new Handle) {
    uv_timer_init(loop, &handle_->timer);
    handle_->timer.data = handle_.get();
    handle_->callback = std::move(callback);
}

void LoopTimer::arm(Duration after) {
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(std::max(after, Duration(0)));
    uv_update_time(handle_->timer.loop);  // else the time counts from the start of this turn
    uv_timer_start(
        &handle_->timer, [](uv_timer_t* timer) { static_cast<Handle*>(timer->data)->callback(); },
        static_cast<uint64_t>(milliseconds.count()), 0);
}

void LoopTimer::disarm() {
    uv_timer_stop(&handle_->timer);
}

bool LoopTimer::is_armed() const {
    return uv_is_active(reinterpret_cast<const uv_handle_t*>(&handle_->timer)) != 0;
}

}  // namespace yard::engine::control
