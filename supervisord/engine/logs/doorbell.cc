#include "engine/logs/doorbell.h"

#include <sys/epoll.h>

#include <array>
#include <utility>

namespace yard::engine::logs {

Result<std::unique_ptr<Doorbell>> Doorbell::create(uv_loop_s* loop, std::function<void(void*)> on_ring) {
    UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(system_error("epoll_create1", "logs"));
    std::unique_ptr<Doorbell> doorbell(new Doorbell(std::move(epoll), std::move(on_ring)));
    auto watch = FdWatch::create(loop, doorbell->epoll_.get(), FdWatch::reading,
                                 [bell = doorbell.get()](unsigned) { bell->answer(); });
    if (!watch) return fail(std::move(watch).error());
    doorbell->watch_ = std::move(watch).value();
    return doorbell;
}

Status Doorbell::add(int fifo, void* tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = tag;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fifo, &event) != 0)
        return fail(system_error("watch", "a FIFO"));
    return Ok();
}

void Doorbell::remove(int fifo) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fifo, nullptr);
}

void Doorbell::answer() {
    std::array<epoll_event, 64> events;
    for (int count = 1; count > 0;) {
        count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
        for (int i = 0; i < count; ++i) on_ring_(events[static_cast<size_t>(i)].data.ptr);
    }
}

}  // namespace yard::engine::logs
