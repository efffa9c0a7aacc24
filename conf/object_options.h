// An object that is described by a request instead of a file, with the keys and the sentences of the files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "conf/config.h"

namespace yard::conf {

using ObjectOptions = std::vector<std::pair<std::string, std::string>>;

// Of a kind, by the keys of its section: {"capacity", "8"}. Fails in a sentence: an unknown kind, key or value.
Result<ObjectConfig> read_object(const std::string& name, const std::string& kind,
                                 const ObjectOptions& options);

}  // namespace yard::conf
