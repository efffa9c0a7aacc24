// Connects a stream socket to the first of several addresses that takes it, without blocking.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"
#include "engine/ready/net_address.h"

namespace yard::engine {

class Connector {
  public:
    using Done = std::function<void(Result<UniqueFd> connection)>;

    // Calls `done` once, with a non-blocking, close-on-exec socket or the failure of the last address;
    // possibly before the constructor returns. `done` must not destroy the connector; otherwise that gives
    // up. REQUIRES: `addresses` is not empty.
    Connector(uv_loop_s* loop, std::vector<NetAddress> addresses, Done done);
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;

  private:
    void try_next();
    // The error of connecting; 0: `done` was called, or the watch goes on.
    int try_connect(const NetAddress& address);
    void on_writable();

    uv_loop_s* loop_;
    std::vector<NetAddress> addresses_;
    size_t next_ = 0;
    int last_error_ = 0;
    Done done_;
    UniqueFd socket_;
    FdWatch watch_;  // after socket_: must be gone before the descriptor is
};

// Is this a TCP connection with itself? A client that asks often enough for a free port of the ephemeral
// range is given that port as its own and meets itself (simultaneous open, RFC 9293 section 3.5).
bool is_connected_to_itself(int fd);

}  // namespace yard::engine
