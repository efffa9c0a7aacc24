#include "engine/notify/notify_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "engine/loop/fd_watch.h"
#include "engine/loop/loop_timer.h"

namespace yard::engine {
namespace {

// More than the kernel queues on one socket (net.unix.max_dgram_qlen is 10, 512 where systemd set it).
constexpr int kDrainLimit = 4096;
constexpr Duration kLookAgainAfter = std::chrono::milliseconds(100);

}  // namespace

Result<UniqueFd> bind_notify_socket(const std::string& path, uid_t owner) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(system_error("bind", path, ENAMETOOLONG));
    std::memcpy(address.sun_path, path.data(), path.size());

    UniqueFd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_fd) return fail(system_error("socket", path));
    const int on = 1;
    if (setsockopt(socket_fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
        return fail(system_error("setsockopt SO_PASSCRED", path));
    }
    // bind(2) gives the file the mode of the socket: it never exists with a wider one.
    if (fchmod(socket_fd.get(), 0600) != 0) return fail(system_error("fchmod", path));
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail(system_error("unlink", path));
    if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail(system_error("bind", path));
    }
    if (owner != geteuid() && lchown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0) {
        return fail(system_error("chown", path));
    }
    // Not by fchmod before: the umask would take bits away.
    if (owner == 0 && chmod(path.c_str(), 0666) != 0) return fail(system_error("chmod", path));
    return socket_fd;
}

// Shared, so that a callback may destroy the NotifySocket while datagrams are being handled.
struct NotifySocket::State : std::enable_shared_from_this<State> {
    explicit State(uv_loop_s* loop) : again(loop) {}

    UniqueFd socket;
    uid_t service_uid;
    ProcessLookup processes;
    Callbacks callbacks;
    FdWatch watch;
    LoopTimer again;
    bool held = false;
    bool closed = false;

    void receive(int limit);
    void receive_later();
    bool is_stranger(const Sender& sender) const { return !sent_by_service(sender, service_uid, processes); }
    void handle(const Datagram& datagram, bool stranger);
};

void NotifySocket::State::receive(int limit) {
    const auto self = shared_from_this();
    for (int i = 0; i < limit && !closed; ++i) {
        // The descriptors that came along are closed at the end of this scope, and the sender's own copies with the
        // datagram. That answers a barrier: all that came before it has been handled.
        const std::optional<Datagram> datagram = peek_datagram(socket.get(), kMaxNotifyBytes);
        if (!datagram) return;
        bool stranger = is_stranger(datagram->sender);
        if (stranger) {
            // Or could it not be looked up, for want of descriptors?
            if (!processes.can_look()) return receive_later();
            stranger = is_stranger(datagram->sender);
        }
        handle(*datagram, stranger);
        // Only now: an engine that is killed before it has stored the news leaves it to the next one.
        drop_datagram(socket.get());
    }
}

void NotifySocket::State::receive_later() {
    watch.watch(0);
    again.start(kLookAgainAfter, [this] {
        if (!held) watch.watch(FdWatch::reading);
    });
}

void NotifySocket::State::handle(const Datagram& datagram, bool stranger) {
    std::optional<NotifyMessage> message;
    if (!datagram.cut) message = parse_notify(datagram.text);
    // A barrier by itself says nothing: it is nobody's loss when a stranger's is answered.
    if (message && *message == NotifyMessage{.barrier = true}) return;
    if (stranger) return callbacks.on_ignored(Ignored::stranger, datagram.sender);
    if (!message) return callbacks.on_ignored(Ignored::malformed, datagram.sender);
    if (message->main_pid && !processes.belongs(*message->main_pid)) {
        message->main_pid.reset();
        callbacks.on_ignored(Ignored::foreign_main_pid, datagram.sender);
    }
    if (!closed) callbacks.on_message(*message);
}

NotifySocket::NotifySocket(std::shared_ptr<State> state) : state_(std::move(state)) {}

NotifySocket::~NotifySocket() {
    state_->closed = true;
    state_->watch.reset();
    state_->again.stop();
}

Result<std::unique_ptr<NotifySocket>> NotifySocket::create(uv_loop_s* loop, UniqueFd socket,
                                                           uid_t service_uid, ProcessLookup processes,
                                                           Callbacks callbacks) {
    auto state = std::make_shared<State>(loop);
    state->socket = std::move(socket);
    state->service_uid = service_uid;
    state->processes = std::move(processes);
    state->callbacks = std::move(callbacks);
    auto watch = FdWatch::create(loop, state->socket.get(), FdWatch::reading,
                                 [raw = state.get()](unsigned) { raw->receive(kDatagramsPerTurn); });
    if (!watch) return fail(std::move(watch).error().context("notify socket"));
    state->watch = std::move(*watch);
    return std::unique_ptr<NotifySocket>(new NotifySocket(std::move(state)));
}

void NotifySocket::hold() {
    state_->held = true;
    state_->watch.watch(0);
}

void NotifySocket::go_on() {
    state_->held = false;
    state_->watch.watch(FdWatch::reading);
}

void NotifySocket::drain_now() {
    state_->receive(kDrainLimit);
}

}  // namespace yard::engine
