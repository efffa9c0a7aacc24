// CommandRunner: how a part of the engine has a command run, since the engine itself never forks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "base/result.h"

namespace yard::engine {

class CommandRunner {
  public:
    using RunId = uint64_t;
    // How the command ended, or why it was not started: "chdir /srv: No such file or directory".
    using Done = std::function<void(const Result<ExitStatus>& outcome)>;

    virtual ~CommandRunner() = default;

    // Runs `command` with the user, environment and working directory of `service`. `done` is called once, on
    // the loop and not from within run(), unless the run is cancelled before.
    virtual RunId run(const std::vector<std::string>& command, const std::string& service, Done done) = 0;

    // Kills what still runs; `done` is not called any more.
    virtual void cancel(RunId id) = 0;
};

}  // namespace yard::engine
