#include "engine/ready/attempt.h"
#include "engine/ready/tcp_connector.h"

namespace yard::engine {
namespace {

Connector::Done when_connected(AttemptDone done) {
    return [done = std::move(done)](Result<UniqueFd> connection) {
        done(connection ? Ok() : Status(fail(std::move(connection).error())));
    };
}

class TcpAttempt : public Attempt {
  public:
    TcpAttempt(uv_loop_s* loop, const HostPort& target, AttemptDone done)
        : connector_(loop, target, when_connected(std::move(done))) {}

  private:
    TcpConnector connector_;
};

class UnixAttempt : public Attempt {
  public:
    UnixAttempt(uv_loop_s* loop, const NetAddress& address, AttemptDone done)
        : connector_(loop, {address}, when_connected(std::move(done))) {}

  private:
    Connector connector_;
};

}  // namespace

std::unique_ptr<Attempt> start_tcp_attempt(uv_loop_s* loop, const HostPort& target, AttemptDone done) {
    return std::make_unique<TcpAttempt>(loop, target, std::move(done));
}

std::unique_ptr<Attempt> start_unix_attempt(uv_loop_s* loop, const NetAddress& address, AttemptDone done) {
    return std::make_unique<UnixAttempt>(loop, address, std::move(done));
}

}  // namespace yard::engine
