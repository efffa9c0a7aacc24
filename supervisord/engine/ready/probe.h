// Probe: finds out when a service that was started is ready, by any kind of conf::Readiness but `none` and
// `notify` (engine/notify/).
//
// It knows no deadline: giving up is the service graph's decision, and last_failure() the reason to show.
//
// Threads: the loop's only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "conf/config.h"
#include "engine/ready/command_runner.h"

struct uv_loop_s;

namespace yard::engine {

struct ProbedService {
    std::string name;        // for the CommandRunner
    std::string cwd;         // relative paths are meant from here; empty: the engine's
    std::string ready_fifo;  // kind fd: as given to make_ready_fifo
    BootTime since;          // kind file: when its start began, before its process was there
};

class Probe {
  public:
    // Begins to look, and calls `on_ready` once when the service is ready: never from within start(), never
    // after the probe is destroyed, which is allowed at any time and from `on_ready` itself. A ready probe
    // keeps no timer and no descriptor. `runner` must outlive the probe. The error says what of `readiness`
    // is no endpoint, URL or regular expression. REQUIRES: readiness.kind is neither none nor notify.
    static Result<std::unique_ptr<Probe>> start(uv_loop_s* loop, const conf::Readiness& readiness,
                                                const ProbedService& service, CommandRunner& runner,
                                                std::function<void()> on_ready);
    virtual ~Probe() = default;

    // What was tried and why it was not enough: "tcp 127.0.0.1:6379: Connection refused".
    virtual std::string last_failure() const = 0;

    // Kind log: a line of the service's output; `on_ready` runs from within when it is the one. Others ignore
    // it.
    virtual void on_line(std::string_view line);

  protected:
    Probe() = default;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
};

}  // namespace yard::engine
