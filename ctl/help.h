// The help texts, made from the command table.
#pragma once

#include <string>

#include "ctl/command_table.h"

namespace yard::ctl {

std::string general_help();
std::string command_help(const Command& command);

}  // namespace yard::ctl
