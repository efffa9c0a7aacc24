// The kinds of value that only services have. See types.h.
#pragma once

#include <string>
#include <vector>

#include "conf/env_file.h"
#include "conf/limit_kinds.h"
#include "conf/types.h"

namespace yard::conf {

// A user or group: a name or a number.
Type<std::string> account();
Type<uint32_t> octal_mask();            // "022", up to 0777
Type<std::vector<int>> cpu_list();      // [0, "2-5"]
Type<Environment> environment();        // a map of NAME: text
Type<Environment> environment_files();  // one path or several, read at once; later files win
// [a, {b: completed}], or {a: ready, b: completed}.
Type<std::vector<Dependency>> dependencies();

// A number (sizes and durations where the unit is one), "unlimited", or [soft, hard].
Type<Rlimit> limit(const LimitKind& kind);

// ""; or what is wrong with the name of a service: letters, digits, `.`, `_` and `-`, at most 64, no dot or
// dash first.
std::string service_name_fault(const std::string& name);

}  // namespace yard::conf
