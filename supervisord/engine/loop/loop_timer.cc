#include "engine/loop/loop_timer.h"

#include <uv.h>

#include <algorithm>

namespace yard::engine {

// As FdWatch::Block: lives until libuv's close callback.
struct LoopTimer::Block {
    uv_timer_t handle;
    std::function<void()> on_expiry;
};

void LoopTimer::Close::operator()(Block* block) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle),
             [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
}

LoopTimer::LoopTimer(uv_loop_s* loop) : block_(new Block) {
    uv_timer_init(loop, &block_->handle);
    block_->handle.data = block_.get();
}

void LoopTimer::start(Duration after, std::function<void()> on_expiry) {
    block_->on_expiry = std::move(on_expiry);
    // The loop's idea of now is that of the start of its turn.
    uv_update_time(block_->handle.loop);
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(std::max(after, Duration(0)));
    const auto expire = [](uv_timer_t* handle) {
        // Taken out first: it may start the timer anew.
        const auto callback = std::move(static_cast<Block*>(handle->data)->on_expiry);
        callback();
    };
    uv_timer_start(&block_->handle, expire, static_cast<uint64_t>(milliseconds.count()), 0);
}

bool LoopTimer::is_started() const {
    return uv_is_active(reinterpret_cast<const uv_handle_t*>(&block_->handle)) != 0;
}

void LoopTimer::stop() {
    uv_timer_stop(&block_->handle);
    block_->on_expiry = nullptr;
}

}  // namespace yard::engine
