// A value as one line of YAML.
#pragma once

#include <string>
#include <string_view>

#include "conf/value.h"

namespace yard::conf {

// Would YAML read `text` as the same string without quotes? Errs on the side of quoting.
bool is_plain_yaml(std::string_view text);

// In flow style: `[db, {setup: completed}]`, `"two words"`; empty for no value.
std::string yaml_text(const Value& value);

}  // namespace yard::conf
