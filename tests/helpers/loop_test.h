// LoopTest: a test with a real libuv loop and a temporary folder. Waiting is by events, up to a deadline.
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

namespace yard {

class LoopTest : public testing::Test {
  protected:
    LoopTest() {
        uv_loop_init(&loop_);
        uv_timer_init(&loop_, &deadline_);
        uv_prepare_init(&loop_, &before_wait_);
        before_wait_.data = this;
        uv_unref(reinterpret_cast<uv_handle_t*>(&deadline_));
        uv_unref(reinterpret_cast<uv_handle_t*>(&before_wait_));
        std::string pattern = (std::filesystem::temp_directory_path() / "yard-test-XXXXXX").string();
        dir_ = mkdtemp(pattern.data());
    }
    ~LoopTest() override {
        uv_close(reinterpret_cast<uv_handle_t*>(&deadline_), nullptr);
        uv_close(reinterpret_cast<uv_handle_t*>(&before_wait_), nullptr);
        uv_walk(
            &loop_, [](uv_handle_t* handle, void*) { expect_closed(handle); }, nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop_), 0);
        std::filesystem::remove_all(dir_);
    }

    uv_loop_t* loop() { return &loop_; }
    std::string path(const std::string& name) const { return dir_ + "/" + name; }

    // Runs the loop until `condition` holds. False when ten seconds were not enough or nothing is left to
    // wait for.
    [[nodiscard]] bool run_until(const std::function<bool()>& condition) {
        if (condition()) return true;
        // Asked before each wait, after the timers and the events of the last one.
        stop_ = [&] { return condition() || !uv_is_active(reinterpret_cast<uv_handle_t*>(&deadline_)); };
        uv_prepare_start(&before_wait_, [](uv_prepare_t* handle) {
            if (static_cast<LoopTest*>(handle->data)->stop_()) uv_stop(handle->loop);
        });
        uv_update_time(&loop_);
        uv_timer_start(
            &deadline_, [](uv_timer_t*) {}, 10'000, 0);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_timer_stop(&deadline_);
        uv_prepare_stop(&before_wait_);
        return condition();
    }

    // One turn of the loop that does not wait.
    void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }

    // Nothing could ever wake the loop again: no timer, no descriptor.
    bool is_idle() {
        turn();  // for close callbacks
        return uv_run(&loop_, UV_RUN_NOWAIT) == 0;
    }

  private:
    static void expect_closed(uv_handle_t* handle) {
        if (uv_is_closing(handle)) return;
        ADD_FAILURE() << "the test left a handle open: " << uv_handle_type_name(handle->type);
        uv_close(handle, nullptr);
    }

    uv_loop_t loop_;
    uv_timer_t deadline_;
    uv_prepare_t before_wait_;
    std::function<bool()> stop_;
    std::string dir_;
};

}  // namespace yard
