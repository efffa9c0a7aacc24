// The help texts, made from the command table.
#pragma once

#include <string>
#include <string_view>

#include "ctl/command_table.h"

namespace yard::ctl {

std::string general_help();
std::string command_help(const Command& command);
// The commands that begin with this word. REQUIRES: there are some.
std::string family_help(std::string_view family);

}  // namespace yard::ctl
