// A JSON value as YAML for people to read.
#pragma once

#include <string>

#include "ipc/varlink/json.h"

namespace yard::ctl {

// Block style, two spaces a level, lists of scalars in one line; strings are quoted where YAML would read
// something else. Ends with a newline. `notes` has the shape of `value`: a text in it is a comment behind what it
// stands for.
std::string to_yaml(const varlink::Json& value, const varlink::Json& notes = {});

}  // namespace yard::ctl
