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
    // What becomes of what the command writes.
    enum class Output : uint8_t {
        log,        // it is in the log, as if the service had written it
        last_line,  // told with the outcome
    };
    struct Ended {
        ExitStatus status;
        std::string last_line;  // printable; empty with Output::log, or if nothing was written
    };
    // How the command ended, or why it was not started: "exec /bin/x: No such file or directory".
    using Done = std::function<void(const Result<Ended>& outcome)>;

    virtual ~CommandRunner() = default;

    // Runs `command` with the user, environment and working directory of `service`. `done` is called once, on
    // the loop and not from within run(), unless the run is cancelled before.
    virtual RunId run(const std::vector<std::string>& command, const std::string& service, Output output,
                      Done done) = 0;

    // Kills what still runs; `done` is not called any more.
    virtual void cancel(RunId id) = 0;
};

}  // namespace yard::engine
