// Looks a host name up without stopping the loop. The thin adapter over uv_getaddrinfo_t.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/ready/net_address.h"

struct uv_loop_s;

namespace yard::engine {

class Resolver {
  public:
    using Done = std::function<void(Result<std::vector<NetAddress>> addresses)>;

    // Calls `done` once with at least one address or the reason why there is none; for a numeric host, and
    // for a name that cannot even be asked for, before the constructor returns.
    Resolver(uv_loop_s* loop, const HostPort& target, Done done);
    // `done` is not called any more. A lookup that has begun goes on unseen in libuv's thread pool.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

  private:
    struct Request;
    Request* request_ = nullptr;  // frees itself; none when nothing is under way
};

}  // namespace yard::engine
