// One try to find a service ready, as RepeatedProbe makes them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/ready/command_runner.h"
#include "engine/ready/endpoint.h"
#include "engine/ready/net_address.h"

struct uv_loop_s;

namespace yard::engine {

// Destroying it gives the try up: nothing is called afterwards.
class Attempt {
  public:
    virtual ~Attempt() = default;

  protected:
    Attempt() = default;
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
};

// Called once with success or the reason against it, possibly before the attempt's constructor returns. It
// must not destroy the attempt.
using AttemptDone = std::function<void(Status outcome)>;

std::unique_ptr<Attempt> start_tcp_attempt(uv_loop_s* loop, const HostPort& target, AttemptDone done);
std::unique_ptr<Attempt> start_unix_attempt(uv_loop_s* loop, const NetAddress& address, AttemptDone done);
// GET; success is any status from 200 to 399. Redirects are not followed.
std::unique_ptr<Attempt> start_http_attempt(uv_loop_s* loop, const HttpUrl& url, AttemptDone done);
// Success is exit code 0.
std::unique_ptr<Attempt> start_exec_attempt(CommandRunner& runner, const std::vector<std::string>& command,
                                            const std::string& service, AttemptDone done);

}  // namespace yard::engine
