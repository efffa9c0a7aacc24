// The kinds of value that channel objects have. See types.h.
#pragma once

#include <string>
#include <vector>

#include "conf/types.h"

namespace yard::conf {

inline constexpr size_t kMaxObjectName = 128;

// ""; or what is wrong with the name of an object: words of letters, digits, `.`, `_` and `-`, with `/` between
// them ("app/jobs"), none of which begins with a dot or dash.
std::string object_name_fault(const std::string& name);

// The kinds, as they are written: in the order of ObjectConfig::Kind.
const std::vector<std::string>& object_kinds();
// "a queue", "an event".
std::string with_article(const std::string& kind);

Type<std::string> object_name();
// {jobs: consume, cache: read}
Type<std::map<std::string, ObjectUse>> object_uses();

}  // namespace yard::conf
