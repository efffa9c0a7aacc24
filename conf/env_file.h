// Files of NAME=VALUE lines.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "conf/reader.h"

namespace yard::conf {

using Environment = std::map<std::string, std::string>;

// May a variable have this name? Letters, digits, `_`, `.` and `-`, no digit first.
bool is_variable_name(std::string_view name);

// Blank lines and lines that begin with # are skipped; `export ` before a name is allowed. A value ends with
// its line, blanks around it do not count; in single quotes everything is literal, in double quotes \n \t \"
// \\ \$ are escapes. Nothing is replaced. Bad lines are reported at their place in `file` and left out; the
// last of two equal names wins. Each variable is told to the reader as a member.
Environment parse_env_file(std::string_view text, uint32_t file, Reader& reader);

}  // namespace yard::conf
