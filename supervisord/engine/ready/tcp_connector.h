// Opens a TCP connection to a host by name: what the attempts of two kinds of probe begin with.
#pragma once

#include <optional>

#include "engine/ready/connector.h"
#include "engine/ready/resolver.h"

namespace yard::engine {

class TcpConnector {
  public:
    // As Connector, with the failure of the lookup too.
    TcpConnector(uv_loop_s* loop, const HostPort& target, Connector::Done done);

  private:
    Connector::Done done_;
    std::optional<Connector> connector_;
    Resolver resolver_;  // last: may use the others from its constructor on
};

}  // namespace yard::engine
