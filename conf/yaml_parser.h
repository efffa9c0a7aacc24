// YAML text to a Tree. The only place that knows yaml-cpp, and that only by its event interface: YAML::Load
// takes the first of two equal keys without a word, keeps `<<` as a key, ignores a second document, and needs
// far more memory.
#pragma once

#include <optional>
#include <string>

#include "conf/node.h"
#include "conf/report.h"

namespace yard::conf {

inline constexpr size_t kMaxFileSize = 8u << 20;
inline constexpr size_t kMaxDepth = 32;
// How many nodes a file may stand for once its aliases are followed: this, and one more for each of its
// bytes. A file cannot reach it by what is written in it, only by aliases of aliases.
inline constexpr size_t kNodeAllowance = 20'000;

// Reports what is wrong (not UTF-8, syntax, too deep, duplicate keys, an alias bomb, a second document) at
// `file`. Merge keys are resolved: a map's own keys win, then the earlier of several merged maps. Nothing
// when the file could not be read to its end; duplicate keys and wrong merges leave a tree without them.
// Never throws.
std::optional<Tree> parse_yaml(std::string text, uint32_t file, Report& report);

}  // namespace yard::conf
