// A value without a schema: what describe.h makes of a configuration, for the engine to show as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace yard::conf {

struct Member;

struct Value {
    using List = std::vector<Value>;
    using Map = std::vector<Member>;  // in order

    std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> content;

    // Nothing: the key is not given and has no default to show.
    bool is_none() const { return std::holds_alternative<std::monostate>(content); }
    bool operator==(const Value& other) const;
};

struct Member {
    std::string key;
    Value value;
    bool operator==(const Member&) const = default;
};

inline bool Value::operator==(const Value& other) const {
    return content == other.content;
}

}  // namespace yard::conf
