// A command that ctl runs in the name of whoever called it: `queue run`, `sem run`, `lock run`.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "ctl/outcome.h"

namespace yard::ctl {

// Runs it to its end and gives the code that a shell would: its exit code, 128 and the number of the signal, 127 when it
// was not found, 126 when it could not be run. `input` is its standard input; none: that of ctl. `variables` ("NAME=VALUE")
// are added to its environment.
//
// Signals that somebody sends to ctl meanwhile go to the command (those of the terminal reach it anyway). It does not
// outlive ctl: what ctl holds for it is given back when ctl dies, and nobody may work on without it.
Result<int, Trouble> run_command(const std::vector<std::string>& command, UniqueFd input,
                                 const std::vector<std::string>& variables);

}  // namespace yard::ctl
