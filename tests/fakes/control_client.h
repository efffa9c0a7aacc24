// The control server on a real Unix socket in a temporary directory, with clients in the same thread: the
// loop and the clients take turns, and waiting is for events with a deadline.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "engine/control/server.h"
#include "tests/fakes/control_caller.h"

namespace yard::engine::control {

class SocketClient {
  public:
    explicit SocketClient(const sockaddr_un& address) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(fcntl(fd_.get(), F_SETFL, O_NONBLOCK), 0);
    }

    // As much as the socket takes at once; what is left is in `unsent`, and run_until() goes on with it.
    void send(const std::string& bytes) {
        unsent += bytes;
        write_some();
    }
    void send_request(const std::string& method, const std::string& parameters = "{}",
                      char terminator = '\0') {
        send("{\"method\":\"org.yardmaster." + method + "\",\"parameters\":" + parameters + "}" + terminator);
    }
    void write_some() {
        const ssize_t size = ::send(fd_.get(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
        if (size > 0) unsent.erase(0, static_cast<size_t>(size));
    }
    void read_some() {
        char bytes[65536];
        for (ssize_t size = 1; size > 0 && !is_deaf;) {
            size = recv(fd_.get(), bytes, sizeof bytes, 0);
            if (size > 0) received.append(bytes, static_cast<size_t>(size));
            if (size == 0 || (size < 0 && errno == ECONNRESET)) is_closed = true;
        }
    }
    void half_close() { shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

    std::optional<Json> take(char terminator = '\0') {
        const size_t end = received.find(terminator, taken);
        if (end == std::string::npos) return std::nullopt;
        Result<Json> message = Json::parse(std::string_view(received).substr(taken, end - taken));
        EXPECT_TRUE(message.ok()) << message.error().message;
        taken = end + 1;
        return std::move(message).value();
    }

    std::string unsent, received;
    size_t taken = 0;
    bool is_closed = false;
    bool is_deaf = false;  // does not read

  private:
    UniqueFd fd_;
};

inline Role everything_for_us(const Credentials& caller) {
    return caller.uid == getuid() ? Role::admin : Role::anyone;
}

struct ControlServerTest : ControlTest {
    static constexpr std::chrono::seconds kDeadline{20};

    ControlServerTest() {
        uv_loop_init(&loop);
        char name[] = "/tmp/yard-control-XXXXXX";
        folder = mkdtemp(name);
        address.sun_family = AF_UNIX;
        (folder / "s").string().copy(address.sun_path, sizeof address.sun_path - 1);
    }
    ~ControlServerTest() override {
        server.reset();
        uv_run(&loop, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop), 0);
        std::filesystem::remove_all(folder);
    }

    void serve(ServerLimits limits = {}, AccessPolicy access = everything_for_us) {
        UniqueFd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(listen(listening.get(), 4096), 0);
        Result<std::unique_ptr<Server>> made =
            Server::create(&loop, std::move(listening), methods, trail, std::move(access), limits);
        ASSERT_TRUE(made.ok()) << made.error().message;
        server = std::move(made).value();
    }

    // Lets the loop and the clients run until it is so. False: it was not within the deadline.
    bool run_until(const std::vector<SocketClient*>& clients, const std::function<bool()>& is_so) {
        const auto deadline = std::chrono::steady_clock::now() + kDeadline;
        for (;;) {
            uv_run(&loop, UV_RUN_NOWAIT);
            for (SocketClient* client : clients) client->read_some();
            for (SocketClient* client : clients) client->write_some();
            if (is_so()) return true;
            if (std::chrono::steady_clock::now() > deadline) return false;
            wait_for_event(clients);
        }
    }
    std::optional<Json> answer(SocketClient& client, char terminator = '\0') {
        std::optional<Json> message;
        run_until({&client},
                  [&] { return (message = client.take(terminator)).has_value() || client.is_closed; });
        return message;
    }
    bool run_until_closed(SocketClient& client) {
        return run_until({&client}, [&] { return client.is_closed; });
    }
    // Runs until nothing happens any more without something from outside.
    void run_until_quiet() {
        for (pollfd loop_events{uv_backend_fd(&loop), POLLIN, 0}; poll(&loop_events, 1, 0) > 0;) {
            uv_run(&loop, UV_RUN_NOWAIT);
        }
    }

    uv_loop_t loop;
    std::filesystem::path folder;
    sockaddr_un address{};
    std::unique_ptr<Server> server;

  private:
    void wait_for_event(const std::vector<SocketClient*>& clients) {
        std::vector<pollfd> waiting{{uv_backend_fd(&loop), POLLIN, 0}};
        for (const SocketClient* client : clients) {
            if (client->is_closed) continue;
            const int wanted = (client->is_deaf ? 0 : POLLIN) | (client->unsent.empty() ? 0 : POLLOUT);
            waiting.push_back({client->fd(), static_cast<short>(wanted), 0});
        }
        const int loop_timeout = uv_backend_timeout(&loop);
        poll(waiting.data(), waiting.size(), loop_timeout < 0 ? 1000 : std::min(loop_timeout, 1000));
    }
};

}  // namespace yard::engine::control
