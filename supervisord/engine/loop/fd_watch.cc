#include "engine/loop/fd_watch.h"

#include <uv.h>

namespace yard::engine {

static_assert(int{FdWatch::reading} == int{UV_READABLE} && int{FdWatch::writing} == int{UV_WRITABLE});
// Out-of-band data does not exist on Unix sockets, so a watch for it is one for the hang-up that epoll(7)
// always reports.
static_assert(int{FdWatch::hangup} == int{UV_PRIORITIZED});

// libuv may use a handle until its close callback has run, so the block outlives the FdWatch by one turn;
// this also keeps a callback alive that destroys its own watch.
struct FdWatch::Block {
    uv_poll_t handle;
    unsigned watched = 0;
    Callback on_event;
};

void FdWatch::Close::operator()(Block* block) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle),
             [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
}

Result<FdWatch> FdWatch::create(uv_loop_s* loop, int fd, unsigned events, Callback on_event) {
    auto fresh = std::make_unique<Block>();
    if (const int error = uv_poll_init(loop, &fresh->handle, fd); error != 0) {
        return fail(system_error("watch", "descriptor " + std::to_string(fd), -error));
    }
    FdWatch watch;
    watch.block_.reset(fresh.release());
    watch.block_->handle.data = watch.block_.get();
    watch.block_->on_event = std::move(on_event);
    watch.watch(events);
    return watch;
}

void FdWatch::watch(unsigned events) {
    if (events == block_->watched) return;  // uv_poll_start costs two system calls
    block_->watched = events;
    if (events == 0) {
        uv_poll_stop(&block_->handle);
        return;
    }
    uv_poll_start(&block_->handle, static_cast<int>(events), [](uv_poll_t* poll, int status, int happened) {
        const auto* block = static_cast<Block*>(poll->data);
        block->on_event(status < 0 ? hangup : static_cast<unsigned>(happened));
    });
}

}  // namespace yard::engine
