#include "engine/ready/tcp_connector.h"

namespace yard::engine {

TcpConnector::TcpConnector(uv_loop_s* loop, const HostPort& target, Connector::Done done)
    : done_(std::move(done)),
      resolver_(loop, target, [this, loop](Result<std::vector<NetAddress>> addresses) {
          if (!addresses) return done_(fail(std::move(addresses).error()));
          connector_.emplace(loop, std::move(*addresses), done_);
      }) {}

}  // namespace yard::engine
