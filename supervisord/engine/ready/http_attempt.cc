#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "engine/ready/attempt.h"
#include "engine/ready/http_status.h"
#include "engine/ready/tcp_connector.h"

namespace yard::engine {
namespace {

std::string make_request(const HttpUrl& url) {
    return "GET " + url.path + " HTTP/1.1\r\nHost: " + url.authority +
           "\r\nUser-Agent: yardmaster\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

class HttpAttempt : public Attempt {
  public:
    HttpAttempt(uv_loop_s* loop, const HttpUrl& url, AttemptDone done)
        : loop_(loop), request_(make_request(url)), done_(std::move(done)) {
        connector_.emplace(loop, url.server,
                           [this](Result<UniqueFd> connection) { on_connected(std::move(connection)); });
    }

  private:
    void on_connected(Result<UniqueFd> connection);
    void on_readable();
    void finish(Status outcome);

    uv_loop_s* loop_;
    std::string request_;
    std::string response_;
    AttemptDone done_;
    std::optional<TcpConnector> connector_;
    UniqueFd socket_;
    FdWatch watch_;  // after socket_: must be gone before the descriptor is
};

void HttpAttempt::on_connected(Result<UniqueFd> connection) {
    if (!connection) return finish(fail(std::move(connection).error()));
    socket_ = std::move(*connection);
    // A request is at most some 4 kB (endpoint.cc), which the empty buffer of a new connection takes at once.
    const ssize_t sent = send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent < 0) return finish(fail(std::strerror(errno), errno));
    if (static_cast<size_t>(sent) != request_.size()) return finish(fail("the request was not taken"));
    auto watch = FdWatch::create(loop_, socket_.get(), FdWatch::reading, [this](unsigned) { on_readable(); });
    if (!watch) return finish(fail(std::move(watch).error()));
    watch_ = std::move(*watch);
}

void HttpAttempt::on_readable() {
    char bytes[4096];
    const ssize_t size = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) return finish(fail(std::strerror(errno), errno));
    if (size == 0) return finish(fail("the connection was closed without an HTTP status"));
    response_.append(bytes, static_cast<size_t>(size));
    const HttpStatus status = parse_http_status(response_);
    if (status.state == HttpStatus::State::incomplete) return;
    if (status.state == HttpStatus::State::malformed) return finish(fail("the answer is not HTTP/1"));
    if (status.code >= 400) return finish(fail("status " + std::to_string(status.code)));
    finish(Ok());
}

void HttpAttempt::finish(Status outcome) {
    watch_.reset();
    done_(std::move(outcome));
}

}  // namespace

std::unique_ptr<Attempt> start_http_attempt(uv_loop_s* loop, const HttpUrl& url, AttemptDone done) {
    return std::make_unique<HttpAttempt>(loop, url, std::move(done));
}

}  // namespace yard::engine
