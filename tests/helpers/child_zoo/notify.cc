// sd_notify(3) by hand, so that its odd corners can be exercised without libsystemd.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "zoo.h"

namespace zoo {
namespace {

void replace_all(std::string& text, const std::string& what, const std::string& with) {
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

std::string expanded(std::string text) {
    replace_all(text, "\\n", "\n");
    replace_all(text, "$PPID", std::to_string(getppid()));
    replace_all(text, "$PID", std::to_string(getpid()));
    return text;
}

// Sends a datagram, with `passed_fd` beside it if that is not negative.
void send_to_daemon(const std::string& text, int passed_fd = -1) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr) fail("NOTIFY_SOCKET is not set");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    if (path[0] == '@') address.sun_path[0] = '\0';

    iovec data{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = length;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (passed_fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &passed_fd, sizeof(int));
    }
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendmsg(fd, &message, MSG_NOSIGNAL) < 0) fail("sending to NOTIFY_SOCKET");
    close(fd);
}

}  // namespace

void notify(Script& script) {
    send_to_daemon(expanded(script.text()));
}

void notify_child(Script& script) {
    const char* text = script.text();
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        send_to_daemon(expanded(text));
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

void watchdog(Script& script) {
    const long pause_ms = script.number();
    for (long left = script.number(); left > 0; --left) {
        send_to_daemon("WATCHDOG=1");
        sleep_ms(pause_ms);
    }
}

// The daemon closes the write end that it was sent when it has worked off everything before it
// (sd_notify_barrier(3)).
void barrier(Script&) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
    send_to_daemon("BARRIER=1", ends[1]);
    close(ends[1]);
    pollfd hung_up{ends[0], 0, 0};
    if (poll(&hung_up, 1, 5000) != 1) std::exit(98);
    close(ends[0]);
}

void ready_fd(Script& script) {
    const int fd = static_cast<int>(script.number());
    if (write(fd, "\n", 1) != 1) fail("readiness fd");
    close(fd);
}

}  // namespace zoo
