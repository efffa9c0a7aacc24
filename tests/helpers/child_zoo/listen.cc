// Something to connect to.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "zoo.h"

namespace zoo {
namespace {

// The backlog answers for a process that never accepts: connecting succeeds as long as it is not full.
constexpr int kBacklog = 4096;

int listening_tcp(long port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (listen(fd, kBacklog) != 0) fail("listen");
    return fd;
}

void answer(int client, bool good) {
    char request[4096];
    if (read(client, request, sizeof request) > 0) {
        const std::string response =
            std::string(good ? "HTTP/1.1 200 OK" : "HTTP/1.1 503 Service Unavailable") +
            "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        send(client, response.data(), response.size(), MSG_NOSIGNAL);
    }
    close(client);
}

}  // namespace

void listen_tcp(Script& script) {
    listening_tcp(script.number());
}

void listen_unix(Script& script) {
    const char* path = script.text();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail(path);
    if (listen(fd, kBacklog) != 0) fail("listen");
}

void http(Script& script) {
    const int fd = listening_tcp(script.number());
    for (long bad = script.number();;) {
        const int client = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) fail("accept");
        answer(client, bad <= 0);
        if (bad > 0) --bad;
    }
}

}  // namespace zoo
