#include "engine/keeper_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace yard::engine {
namespace {

using keeper::Key;
using keeper::Report;
using keeper::ReportType;
using keeper::Request;
using keeper::RequestType;

using Packet = std::array<Report, keeper::kMaxBatch>;

constexpr int kMemoryPauseMs = 10;  // when the kernel has no memory for a message
constexpr size_t kEnough = 16;      // requests in a packet
static_assert(kEnough <= keeper::kMaxBatch);

// Reports in the packet; 0: the keeper is gone; -1: nothing there (with MSG_DONTWAIT).
ssize_t receive(int fd, Packet* packet, int flags) {
    ssize_t size;
    do {
        size = recv(fd, packet->data(), sizeof *packet, flags);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return -1;
    return size < 0 ? 0 : size / static_cast<ssize_t>(sizeof(Report));
}

// True at the end of the inventory. News may follow it in the same packet.
bool note(const Report& report, Inventory* inventory) {
    switch (report.type) {
        case ReportType::welcome:
            inventory->welcome = report.welcome;
            break;
        case ReportType::held:
            inventory->held.emplace_back(report.held.name, report.held.fd);
            break;
        case ReportType::inventory_end:
            return true;
        default:
            inventory->reports.push_back(report);
    }
    return false;
}

}  // namespace

Result<KeeperLink> KeeperLink::open(UniqueFd socket, Inventory* inventory) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
        return fail("yard-engine is started by supervisord, not by hand");
    }
    Packet packet;
    for (bool complete = false; !complete;) {
        const ssize_t count = receive(socket.get(), &packet, 0);
        if (count <= 0) return fail("the keeper closed its socket before the engine had started");
        for (ssize_t i = 0; i < count; ++i) complete |= note(packet[static_cast<size_t>(i)], inventory);
    }
    if (inventory->welcome.version != keeper::kProtocolVersion) {
        return fail("supervisord and yard-engine are of different versions: install both from one build");
    }
    return KeeperLink(std::move(socket));
}

bool KeeperLink::read(int packets, const std::function<void(const Report&)>& handle) {
    Packet packet;
    for (; packets > 0; --packets) {
        const ssize_t count = receive(socket_.get(), &packet, MSG_DONTWAIT);
        if (count < 0) return true;
        if (count == 0) return false;
        for (ssize_t i = 0; i < count; ++i) handle(packet[static_cast<size_t>(i)]);
    }
    return true;
}

Request& KeeperLink::add(RequestType type, Key key) {
    if (pending_.size() == kEnough) flush();
    Request request{};
    request.type = type;
    request.key = key;
    return pending_.emplace_back(request);
}

void KeeperLink::hello() {
    add(RequestType::hello, {});
}
void KeeperLink::spawn(Key key) {
    add(RequestType::spawn, key);
}
void KeeperLink::arm(Key next, const keeper::ArmTerms& terms) {
    add(RequestType::arm, next).arm = terms;
}
void KeeperLink::disarm(Key key) {
    add(RequestType::disarm, key);
}
void KeeperLink::acknowledge(Key key) {
    add(RequestType::acknowledge, key);
}
void KeeperLink::acknowledge_signal(int number) {
    add(RequestType::acknowledge_signal, {}).signal.number = number;
}
void KeeperLink::signal(Key key, int number, bool tree) {
    add(RequestType::signal, key).signal = {number, tree};
}
void KeeperLink::kill_tree(Key key) {
    add(RequestType::kill_tree, key);
}
void KeeperLink::set_main(Key key, int32_t pid) {
    add(RequestType::set_main, key).pid = pid;
}
void KeeperLink::release(uint64_t name) {
    add(RequestType::release, {}).name = name;
}
void KeeperLink::quit(int exit_code) {
    add(RequestType::quit, {}).exit_code = exit_code;
}

void KeeperLink::hold(uint64_t name, int fd) {
    UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    add(RequestType::hold, {}).name = name;
    if (copy) {
        passed_.push_back(std::move(copy));
        return;
    }
    // Out of descriptors: then at once, while the caller's own is open.
    passed_.emplace_back(fd);
    send();
    (void)passed_.back().release();
    forget();
}

void KeeperLink::flush() {
    if (pending_.empty()) return;
    send();
    forget();
}

// A failed send means that the keeper is gone; read() says so.
void KeeperLink::send() {
    iovec part{pending_.data(), pending_.size() * sizeof(Request)};
    alignas(cmsghdr) char control[CMSG_SPACE(kEnough * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!passed_.empty()) pass_fds(control, &message);
    while (sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0) {
        pollfd room{socket_.get(), POLLOUT, 0};
        if (errno == EAGAIN)
            ::poll(&room, 1, -1);  // the loop has made the socket non-blocking
        else if (errno == ENOMEM || errno == ENOBUFS)
            ::poll(nullptr, 0, kMemoryPauseMs);
        else if (errno != EINTR)
            break;
    }
}

void KeeperLink::forget() {
    pending_.clear();
    passed_.clear();
}

void KeeperLink::pass_fds(char* control, msghdr* message) const {
    const size_t size = passed_.size() * sizeof(int);
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    for (size_t i = 0; i < passed_.size(); ++i) {
        const int fd = passed_[i].get();
        std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
}

}  // namespace yard::engine
