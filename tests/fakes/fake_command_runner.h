// A CommandRunner that runs nothing: the test ends the commands.
#pragma once

#include <map>

#include "engine/ready/command_runner.h"

namespace yard::engine {

class FakeCommandRunner : public CommandRunner {
  public:
    struct Run {
        std::vector<std::string> command;
        std::string service;
        Output output;
        Done done;
    };

    RunId run(const std::vector<std::string>& command, const std::string& service, Output output,
              Done done) override {
        running[++last_id] = {command, service, output, std::move(done)};
        return last_id;
    }
    void cancel(RunId id) override { cancelled += static_cast<int>(running.erase(id)); }

    // Ends the one command that runs.
    void finish(const Result<Ended>& outcome) {
        const auto run = running.extract(running.begin());
        run.mapped().done(outcome);
    }

    RunId last_id = 0;
    std::map<RunId, Run> running;
    int cancelled = 0;
};

}  // namespace yard::engine
