#include "engine/loop/fd_watch.h"

#include <uv.h>

namespace yard::engine {

// libuv may use a handle until its close callback has run, so the block outlives the FdWatch by one turn;
// this also keeps a callback alive that destroys its own watch.
struct FdWatch::Block {
    uv_poll_t handle;
    int events;
    std::function<void()> on_event;

    // Cannot fail: the handle is initialised and not closing.
    void start() {
        uv_poll_start(&handle, events,
                      [](uv_poll_t* poll, int, int) { static_cast<Block*>(poll->data)->on_event(); });
    }
};

void FdWatch::Close::operator()(Block* block) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle),
             [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
}

Result<FdWatch> FdWatch::create(uv_loop_s* loop, int fd, For what, std::function<void()> on_event) {
    auto fresh = std::make_unique<Block>();
    if (const int error = uv_poll_init(loop, &fresh->handle, fd); error != 0) {
        return fail(system_error("watch", "descriptor", -error));
    }
    FdWatch watch;
    watch.block_.reset(fresh.release());
    Block& block = *watch.block_;
    block.handle.data = &block;
    block.events = what == For::reading ? UV_READABLE : UV_WRITABLE;
    block.on_event = std::move(on_event);
    block.start();
    return watch;
}

void FdWatch::pause() {
    uv_poll_stop(&block_->handle);
}
void FdWatch::resume() {
    block_->start();
}

}  // namespace yard::engine
