#include "engine/control/parameters.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace yard::engine::control {
namespace {

using varlink::Json;

bool fits(Type type, const Json& value) {
    switch (type) {
        case Type::boolean:
            return value.is_bool();
        case Type::integer:
            return value.is_int();
        case Type::number:
            return value.is_number();
        case Type::string:
            return value.is_string();
        case Type::object:
            return value.is_object();
    }
    return false;
}

const char* describe(Type type, bool array) {
    switch (type) {
        case Type::boolean:
            return array ? "an array of true or false" : "true or false";
        case Type::integer:
            return array ? "an array of integers" : "an integer";
        case Type::number:
            return array ? "an array of numbers" : "a number";
        case Type::string:
            return array ? "an array of strings" : "a string";
        case Type::object:
            return array ? "an array of objects" : "an object";
    }
    return "?";
}

bool fits(const Parameter& declared, const Json& value) {
    if (value.is_null()) return declared.optional;
    if (!declared.array) return fits(declared.type, value);
    const Json::Array& items = value.as_array();
    return value.is_array() && std::all_of(items.begin(), items.end(),
                                           [&](const Json& item) { return fits(declared.type, item); });
}

ParameterProblem unknown(std::span<const Parameter> declared, const std::string& name) {
    std::vector<std::string> names;
    for (const Parameter& parameter : declared) names.emplace_back(parameter.name);
    const std::string nearest = nearest_word(name, names);
    std::string message = "unknown parameter \"" + name + "\"";
    if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
    return {name, message};
}

}  // namespace

std::optional<ParameterProblem> check_parameters(std::span<const Parameter> declared,
                                                 const Json& parameters) {
    if (!parameters.is_null() && !parameters.is_object())
        return ParameterProblem{"parameters", "expected an object"};
    for (const Json::Member& member : parameters.as_object()) {
        const auto same = [&](const Parameter& parameter) { return parameter.name == member.first; };
        if (std::none_of(declared.begin(), declared.end(), same)) return unknown(declared, member.first);
    }
    for (const Parameter& parameter : declared) {
        const Json& value = parameters[parameter.name];
        if (fits(parameter, value)) continue;
        const std::string wanted = describe(parameter.type, parameter.array);
        return ParameterProblem{std::string(parameter.name),
                                value.is_null() ? "missing; expected " + wanted : "expected " + wanted};
    }
    return std::nullopt;
}

}  // namespace yard::engine::control
