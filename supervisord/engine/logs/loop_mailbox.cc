#include "engine/logs/loop_mailbox.h"

#include <uv.h>

namespace yard::engine::logs {

Result<std::unique_ptr<LoopMailbox>> LoopMailbox::create(uv_loop_s* loop) {
    std::unique_ptr<LoopMailbox> mailbox(new LoopMailbox);
    auto wake = std::make_unique<uv_async_t>();
    const int code = uv_async_init(
        loop, wake.get(), [](uv_async_t* handle) { static_cast<LoopMailbox*>(handle->data)->run(); });
    if (code != 0) return fail(std::string("uv_async_init: ") + uv_strerror(code), -code);
    mailbox->wake_ = wake.release();
    mailbox->wake_->data = mailbox.get();
    return mailbox;
}

LoopMailbox::~LoopMailbox() {
    if (wake_ == nullptr) return;
    uv_close(reinterpret_cast<uv_handle_t*>(wake_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
}

void LoopMailbox::post(std::function<void()> call) {
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(std::move(call));
    }
    uv_async_send(wake_);
}

void LoopMailbox::run() {
    std::vector<std::function<void()>> calls;
    {
        const std::lock_guard lock(mutex_);
        calls.swap(calls_);
    }
    for (const auto& call : calls) call();
}

}  // namespace yard::engine::logs
