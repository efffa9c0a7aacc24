// Commands that are no services: `ready: {exec: ...}` and `stop: {command: ...}`. The engine never forks, so they
// run in slots of the keeper that no service has, always under a shim, so that nothing of them is left behind.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/keeper_link.h"
#include "engine/ready/command_runner.h"
#include "engine/ready/output_tail.h"
#include "protocol/keeper_protocol.h"

namespace yard::engine {

class AuxCommands : public CommandRunner {
  public:
    // What commands need of the services that they are run for.
    struct Hooks {
        // Lays the image of `command`, run as `service` would be, at the key; an error says why it cannot.
        std::function<Status(const std::vector<std::string>& command, const std::string& service,
                             Output output, keeper::Key)>
            lay_image;
        // Where the next command with Output::last_line will write.
        std::function<Result<std::unique_ptr<OutputTail>>(const std::string& service)> open_tail;
        // Runs the function on the loop, later.
        std::function<void(std::function<void()>)> defer;
    };

    // What is started goes into slots from `first_slot` up to `slots`.
    AuxCommands(KeeperLink& link, uint32_t first_slot, uint32_t slots, Hooks hooks);

    RunId run(const std::vector<std::string>& command, const std::string& service, Output output,
              Done done) override;
    void cancel(RunId id) override;

    // Reports of slots that no service has. What an earlier engine had started is killed and forgotten.
    void on_report(const keeper::Report& report);

  private:
    struct Slot {
        uint32_t generation = 0;
        bool busy = false;
        RunId run = 0;
        std::string program;
        std::unique_ptr<OutputTail> tail;  // none: it writes into the log
        Done done;
    };
    Result<keeper::Key> take_slot();
    Status prepare(const std::vector<std::string>& command, const std::string& service, Output output,
                   keeper::Key key);
    void finish(Slot* slot, const keeper::Report& report);

    KeeperLink& link_;
    const uint32_t first_slot_, end_slot_;
    const Hooks hooks_;
    std::map<uint32_t, Slot> slots_;
    RunId last_run_ = 0;
};

}  // namespace yard::engine
