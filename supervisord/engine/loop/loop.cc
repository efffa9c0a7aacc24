#include "engine/loop/loop.h"

#include <uv.h>

#include <cstdlib>

namespace yard::engine {

struct Loop::State {
    uv_loop_t loop;
    uv_prepare_t before_wait;
    std::function<void()> end_of_turn;
};

Loop::Loop() : state_(std::make_unique<State>()) {
    // Fails only without memory or descriptors for the loop itself, and there is nothing to do without one.
    if (uv_loop_init(&state_->loop) != 0) std::abort();
    uv_prepare_init(&state_->loop, &state_->before_wait);
    state_->before_wait.data = state_.get();
}
Loop::Loop(Loop&&) noexcept = default;

Loop::~Loop() {
    if (!state_) return;
    const auto close_open = [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
    };
    uv_walk(&state_->loop, close_open, nullptr);
    uv_run(&state_->loop, UV_RUN_DEFAULT);
    uv_loop_close(&state_->loop);
}

uv_loop_s* Loop::get() const {
    return &state_->loop;
}

void Loop::run(std::function<void()> end_of_turn) {
    state_->end_of_turn = std::move(end_of_turn);
    uv_prepare_start(&state_->before_wait,
                     [](uv_prepare_t* handle) { static_cast<State*>(handle->data)->end_of_turn(); });
    uv_run(&state_->loop, UV_RUN_DEFAULT);
    uv_prepare_stop(&state_->before_wait);
}

void Loop::stop() {
    uv_stop(&state_->loop);
}

}  // namespace yard::engine
