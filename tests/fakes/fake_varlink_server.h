// A varlink server that says what a test tells it to, on a socket in a folder of its own, from a thread of
// its own. It serves one connection after the other.
#pragma once

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "ipc/varlink/json.h"

namespace yard::fakes {

using varlink::Json;

struct Answer {
    std::string bytes;   // sent as they are
    bool close = false;  // then end the connection
};

inline std::string message(const Json& reply) {
    return reply.dump() + '\0';
}
inline Answer reply(Json parameters) {
    return {message(Json::Object{{"parameters", std::move(parameters)}})};
}
inline std::string progress(Json parameters) {
    return message(Json::Object{{"parameters", std::move(parameters)}, {"continues", true}});
}
inline Answer error(const char* name, Json parameters) {
    return {message(Json::Object{{"error", name}, {"parameters", std::move(parameters)}})};
}
inline Answer hang_up() {
    return {"", true};
}

class FakeVarlinkServer {
  public:
    // `handler` runs on the server's thread; `nth` counts requests from 0 over all connections.
    using Handler = std::function<Answer(size_t nth, const Json& request)>;

    explicit FakeVarlinkServer(Handler handler) : handler_(std::move(handler)) {
        char folder[] = "/tmp/fake-varlink-XXXXXX";
        folder_ = mkdtemp(folder);
        listener_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) abort();
        if (listen(listener_.get(), 16) != 0) abort();
        thread_ = std::thread([this] { run(); });
    }
    ~FakeVarlinkServer() {
        stop_listening();
        {
            const std::lock_guard lock(mutex_);
            if (connection_) shutdown(connection_.get(), SHUT_RDWR);
        }
        thread_.join();
        unlink(path().c_str());
        rmdir(folder_.c_str());
    }

    std::string path() const { return folder_ + "/s"; }

    // From now on connections are refused. May be called by the handler.
    void stop_listening() { shutdown(listener_.get(), SHUT_RDWR); }

    std::vector<Json> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

  private:
    void run() {
        for (;;) {
            UniqueFd accepted(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!accepted) return;
            {
                const std::lock_guard lock(mutex_);
                connection_ = std::move(accepted);
            }
            serve();
            const std::lock_guard lock(mutex_);
            connection_.reset();
        }
    }

    void serve() {
        std::string received;
        char buffer[4096];
        for (;;) {
            const size_t end = received.find('\0');
            if (end == std::string::npos) {
                const ssize_t count = recv(connection_.get(), buffer, sizeof buffer, 0);
                if (count <= 0) return;
                received.append(buffer, static_cast<size_t>(count));
                continue;
            }
            const Answer answer = answer_to(received.substr(0, end));
            received.erase(0, end + 1);
            if (!send_all(answer.bytes) || answer.close) return;
        }
    }

    Answer answer_to(const std::string& text) {
        Json request = Json::parse(text).value();
        const size_t nth = note(request);
        return handler_(nth, request);
    }

    size_t note(const Json& request) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        return requests_.size() - 1;
    }

    bool send_all(const std::string& bytes) {
        for (size_t sent = 0; sent < bytes.size();) {
            const ssize_t count =
                send(connection_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return false;
            sent += static_cast<size_t>(count);
        }
        return true;
    }

    Handler handler_;
    std::string folder_;
    UniqueFd listener_;
    UniqueFd connection_;
    mutable std::mutex mutex_;
    std::vector<Json> requests_;
    std::thread thread_;
};

}  // namespace yard::fakes
