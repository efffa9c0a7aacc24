// The resource limits of setrlimit(2) by the names that people give them.
#pragma once

#include <string>
#include <vector>

namespace yard::conf {

// One limit and the unit of its numbers.
struct LimitKind {
    enum class Unit { count, bytes, seconds, microseconds };
    std::string name;
    int resource;  // RLIMIT_*
    Unit unit;
    std::string doc;
};
const std::vector<LimitKind>& limit_kinds();
// REQUIRES: `resource` is one of them.
const LimitKind& limit_kind(int resource);

}  // namespace yard::conf
