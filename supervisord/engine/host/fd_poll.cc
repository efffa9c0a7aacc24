#include "engine/host/fd_poll.h"

#include <uv.h>

namespace yard::engine {

struct FdPoll::Handles {
    uv_poll_t poll{};
    uv_idle_t idle{};  // runs in the next turn, and keeps the loop from sleeping before it
    int open = 0;
    std::function<void()> on_ready;

    void run() {
        // A copy: the callback may destroy the FdPoll.
        const std::function<void()> callback = on_ready;
        callback();
    }
    void close() {
        on_ready = [] {};
        uv_close(reinterpret_cast<uv_handle_t*>(&poll), closed);
        uv_close(reinterpret_cast<uv_handle_t*>(&idle), closed);
    }
    static void closed(uv_handle_t* handle) {
        auto* self = static_cast<Handles*>(handle->data);
        if (--self->open == 0) delete self;
    }
};

Result<std::unique_ptr<FdPoll>> FdPoll::open(uv_loop_s* loop, int fd, std::function<void()> on_ready) {
    auto handles = std::make_unique<Handles>();
    handles->on_ready = std::move(on_ready);
    handles->poll.data = handles->idle.data = handles.get();
    if (const int error = uv_poll_init(loop, &handles->poll, fd); error < 0) {
        return fail(system_error("watch", "descriptor " + std::to_string(fd), -error));
    }
    uv_idle_init(loop, &handles->idle);
    handles->open = 2;
    uv_poll_start(&handles->poll, UV_READABLE,
                  [](uv_poll_t* poll, int, int) { static_cast<Handles*>(poll->data)->run(); });
    return std::unique_ptr<FdPoll>(new FdPoll(handles.release()));
}

FdPoll::~FdPoll() {
    handles_->close();
}

void FdPoll::wake() {
    uv_idle_start(&handles_->idle, [](uv_idle_t* idle) {
        uv_idle_stop(idle);
        static_cast<Handles*>(idle->data)->run();
    });
}

}  // namespace yard::engine
