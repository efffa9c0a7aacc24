// The way from other threads into the engine's loop, and from the loop to libuv's worker threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"

struct uv_loop_s;
struct uv_async_s;

namespace yard::engine::logs {

// Thread safety: post() from any thread until close(); the rest on the loop thread.
class LoopMailbox {
  public:
    static Result<std::unique_ptr<LoopMailbox>> create(uv_loop_s* loop);
    // What was posted and has not run is dropped.
    ~LoopMailbox();
    LoopMailbox(const LoopMailbox&) = delete;
    LoopMailbox& operator=(const LoopMailbox&) = delete;

    void post(std::function<void()> call);

  private:
    LoopMailbox() = default;
    void run();

    uv_async_s* wake_ = nullptr;  // frees itself when libuv has closed it
    std::mutex mutex_;
    std::vector<std::function<void()>> calls_;
};

}  // namespace yard::engine::logs
