// From the words on the command line to a command and its arguments. CLI11 stays in cli.cc.
#pragma once

#include <string>
#include <vector>

#include "ctl/arguments.h"
#include "ctl/command_table.h"
#include "ctl/outcome.h"

namespace yard::ctl {

struct Invocation {
    const Command* command = nullptr;  // nullptr: only with arguments.help or arguments.version
    std::string family{};              // whose help is wanted, where that is not of one command
    Arguments arguments;
};

// `words` without the program's name. Wrong use is Trouble with ExitCode::usage that names the nearest valid
// word.
Result<Invocation, Trouble> parse_command_line(const std::vector<std::string>& words);

}  // namespace yard::ctl
