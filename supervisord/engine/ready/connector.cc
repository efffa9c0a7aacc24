#include "engine/ready/connector.h"

#include <cerrno>
#include <cstring>

namespace yard::engine {

bool is_connected_to_itself(int fd) {
    NetAddress here, there;
    here.size = there.size = sizeof(sockaddr_storage);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&here.storage), &here.size) != 0) return false;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&there.storage), &there.size) != 0) return false;
    const bool is_tcp = here.family() == AF_INET || here.family() == AF_INET6;
    return is_tcp && here.size == there.size && std::memcmp(&here.storage, &there.storage, here.size) == 0;
}

Connector::Connector(uv_loop_s* loop, std::vector<NetAddress> addresses, Done done)
    : loop_(loop), addresses_(std::move(addresses)), done_(std::move(done)) {
    try_next();
}

void Connector::try_next() {
    while (next_ < addresses_.size()) {
        const int error = try_connect(addresses_[next_++]);
        if (error == 0) return;
        last_error_ = error;
    }
    done_(fail(std::strerror(last_error_), last_error_));
}

int Connector::try_connect(const NetAddress& address) {
    socket_.reset(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return errno;
    if (connect(socket_.get(), address.get(), address.size) == 0) {
        done_(std::move(socket_));
        return 0;
    }
    if (errno != EINPROGRESS) return errno;
    auto watch = FdWatch::create(loop_, socket_.get(), FdWatch::writing, [this](unsigned) { on_writable(); });
    if (!watch) return watch.error().code;
    watch_ = std::move(*watch);
    return 0;
}

void Connector::on_writable() {
    watch_.reset();
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0 && is_connected_to_itself(socket_.get())) error = ECONNREFUSED;
    if (error == 0) return done_(std::move(socket_));
    last_error_ = error;
    try_next();
}

}  // namespace yard::engine
