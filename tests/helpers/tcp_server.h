// Listening sockets on loopback, and one that answers every connection with the same bytes.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"

namespace yard {

// Bound to a port that the kernel chose; refuses connections until listen() is called.
class TcpPort {
  public:
    explicit TcpPort(int family = AF_INET)
        : socket_(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_storage address{};
        address.ss_family = static_cast<sa_family_t>(family);
        const auto v4 = reinterpret_cast<sockaddr_in*>(&address);
        const auto v6 = reinterpret_cast<sockaddr_in6*>(&address);
        if (family == AF_INET) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (family == AF_INET6) v6->sin6_addr = in6addr_loopback;
        socklen_t size = family == AF_INET ? sizeof *v4 : sizeof *v6;
        if (bind(fd(), reinterpret_cast<sockaddr*>(&address), size) != 0) return;
        getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size);
        number_ = ntohs(v4->sin_port);  // at the same place in both
    }
    int fd() const { return socket_.get(); }
    bool valid() const { return number_ != 0; }
    uint16_t number() const { return number_; }
    void listen() const { ::listen(fd(), 16); }

  private:
    UniqueFd socket_;
    uint16_t number_ = 0;
};

class CannedServer {
  public:
    // Sends `pieces`, one a turn of the loop, when a request has come in, then closes; keeps open with no
    // pieces.
    CannedServer(uv_loop_s* loop, const TcpPort& port, std::vector<std::string> pieces)
        : loop_(loop), pieces_(std::move(pieces)) {
        port.listen();
        acceptor_ = watch(port.fd(), engine::FdWatch::reading, [this, fd = port.fd()] {
            connection_.reset(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            next_ = 0;
            watch_ = watch(connection_.get(), engine::FdWatch::reading, [this] { on_request(); });
        });
    }

    std::string request;

  private:
    engine::FdWatch watch(int fd, unsigned events, std::function<void()> then) {
        return std::move(*engine::FdWatch::create(loop_, fd, events, [then](unsigned) { then(); }));
    }
    void on_request() {
        char bytes[4096];
        const ssize_t size = read(connection_.get(), bytes, sizeof bytes);
        if (size > 0) request.assign(bytes, static_cast<size_t>(size));
        watch_.reset();
        if (size <= 0 || pieces_.empty()) return;
        watch_ = watch(connection_.get(), engine::FdWatch::writing, [this] { send_piece(); });
    }
    void send_piece() {
        if (next_ < pieces_.size()) {
            const std::string& piece = pieces_[next_++];
            send(connection_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        } else {
            watch_.reset();
            connection_.reset();
        }
    }

    uv_loop_s* loop_;
    std::vector<std::string> pieces_;
    size_t next_ = 0;
    UniqueFd connection_;
    engine::FdWatch acceptor_, watch_;
};

}  // namespace yard
