// Every key of the configuration in one list, as documents show them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/schema.h"

namespace yard::documents {

struct Key {
    std::string path;  // "restart.delay"
    conf::Shape shape;
    std::string fallback, doc, example;
    std::optional<conf::Effect> effect;  // only keys of a service have one
};

struct Chapter {
    std::string where;  // "services.NAME"; empty: the top of the file
    std::string doc;
    std::vector<Key> keys;
    std::vector<conf::Section> sections;
};

std::vector<Chapter> chapters();

}  // namespace yard::documents
