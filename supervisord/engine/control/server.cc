#include "engine/control/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

namespace yard::engine::control {

ServerLimits ServerLimits::for_files(size_t files) {
    ServerLimits limits;
    limits.clients = std::min(limits.clients, files / 4);
    limits.strangers = std::min(limits.strangers, limits.clients / 4);
    return limits;
}

Result<std::unique_ptr<Server>> Server::create(uv_loop_s* loop, UniqueFd listening, Handlers& handlers,
                                               AuditTrail& trail, AccessPolicy access, ServerLimits limits) {
    std::unique_ptr<Server> server(
        new Server(loop, std::move(listening), handlers, trail, std::move(access), limits));
    Server* raw = server.get();
    Result<FdWatch> watch = FdWatch::create(loop, raw->listening_.get(), FdWatch::reading,
                                            [raw](unsigned) { raw->accept_some(); });
    if (!watch) return fail(std::move(watch).error().context("control socket"));
    raw->accept_watch_ = std::move(*watch);
    return server;
}

Server::Server(uv_loop_s* loop, UniqueFd listening, Handlers& handlers, AuditTrail& trail,
               AccessPolicy access, ServerLimits limits)
    : loop_(loop),
      listening_(std::move(listening)),
      access_(std::move(access)),
      limits_(limits),
      dispatcher_(handlers, trail),
      accept_again_(loop),
      half_messages_(loop) {}

void Server::send_answers(Duration time) {
    const BootTime end = clock_.now() + time;
    for (const auto& [key, connection] : connections_) {
        const Duration left = std::max(end - clock_.now(), Duration::zero());
        connection->send_answer(std::chrono::ceil<std::chrono::milliseconds>(left));
    }
}

void Server::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        UniqueFd socket(accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket.valid()) {
            admit(std::move(socket));
            continue;
        }
        if (errno == EAGAIN) return;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        // EMFILE, ENFILE, ENOMEM: the client stays in the backlog, and asking again at once would be a busy
        // loop.
        accept_watch_.watch(0);
        accept_again_.start(kAcceptPause, [this] { accept_watch_.watch(FdWatch::reading); });
        return;
    }
}

void Server::admit(UniqueFd socket) {
    if (connections_.size() >= limits_.clients) return turn_away(socket, limits_.clients);
    Call::Caller caller;
    caller.credentials = Credentials::of_peer(socket.get());
    caller.role = access_(caller.credentials);
    caller.is_stranger = caller.role == Role::anyone && !limits_.has_objects(caller.credentials);
    const bool is_stranger = caller.is_stranger;
    if (is_stranger && strangers_ >= limits_.strangers) return turn_away(socket, limits_.strangers);
    Result<std::unique_ptr<Connection>> connection =
        Connection::create(loop_, std::move(socket), caller, dispatcher_, *this);
    if (!connection.ok()) return;  // out of memory in the kernel: the socket closes, the client tries again
    const Connection* key = connection->get();
    connections_.emplace(key, std::move(connection).value());
    if (is_stranger) ++strangers_;
}

void Server::turn_away(const UniqueFd& socket, size_t limit) {
    std::string message = "{\"error\":\"org.yardmaster.TooManyClients\",\"parameters\":{\"limit\":";
    message += std::to_string(limit) + "}}";
    message.push_back('\0');
    // Into the empty buffer of a fresh socket this cannot be cut short; if it fails, the client sees the end
    // only.
    (void)send(socket.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Server::after_turn(Connection& connection) {
    if (connection.is_over()) {
        remove(connection);
        return;
    }
    if (!connection.inside_message()) {
        connection.half_since.reset();
    } else if (!connection.half_since) {
        connection.half_since = clock_.now();
        if (!half_messages_.is_started()) await_half_messages(limits_.half_message);
    }
}

void Server::remove(const Connection& connection) {
    if (connection.is_stranger()) --strangers_;
    connections_.erase(&connection);
}

void Server::end_half_messages() {
    const BootTime now = clock_.now();
    std::optional<BootTime> earliest;
    for (auto at = connections_.begin(); at != connections_.end();) {
        Connection& connection = *at->second;
        ++at;  // the connection may go
        if (!connection.half_since) continue;
        if (*connection.half_since + limits_.half_message <= now) {
            connection.refuse("half a message, and the rest did not come in time");
            remove(connection);
        } else if (!earliest || *connection.half_since < *earliest) {
            earliest = connection.half_since;
        }
    }
    if (earliest) await_half_messages(*earliest + limits_.half_message - now);
}

void Server::await_half_messages(Duration patience) {
    half_messages_.start(patience, [this] { end_half_messages(); });
}

}  // namespace yard::engine::control
