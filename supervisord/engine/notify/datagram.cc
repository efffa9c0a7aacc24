#include "engine/notify/datagram.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace yard::engine {
namespace {

// The kernel's SCM_MAX_FD: with room for all of them, only RLIMIT_NOFILE can cut the list short.
constexpr size_t kMaxFds = 253;
constexpr size_t kControlBytes = CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kMaxFds * sizeof(int));

void take_credentials(const cmsghdr& header, Datagram& datagram) {
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(&header), sizeof credentials);
    datagram.sender = {credentials.pid, credentials.uid};
}

void take_descriptors(const cmsghdr& header, Datagram& datagram) {
    const size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof(int), sizeof fd);
        datagram.fds.emplace_back(fd);
    }
}

}  // namespace

std::optional<Datagram> peek_datagram(int fd, size_t max_bytes) {
    Datagram datagram;
    datagram.text.resize(max_bytes);
    iovec bytes{datagram.text.data(), datagram.text.size()};
    alignas(cmsghdr) char control[kControlBytes];
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t size;
    do {
        size = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size < 0) return std::nullopt;

    datagram.text.resize(static_cast<size_t>(size));
    datagram.cut = (message.msg_flags & MSG_TRUNC) != 0;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS) take_credentials(*header, datagram);
        if (header->cmsg_type == SCM_RIGHTS) take_descriptors(*header, datagram);
    }
    return datagram;
}

void drop_datagram(int fd) {
    while (recv(fd, nullptr, 0, MSG_DONTWAIT) < 0 && errno == EINTR) continue;
}

}  // namespace yard::engine
