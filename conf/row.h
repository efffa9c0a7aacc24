// How the tables of schema.h write their rows.
#pragma once

#include <type_traits>
#include <utility>

#include "conf/schema.h"

namespace yard::conf {

// A row that is more than a field: `set(target, value)` and `get(target)`, which gives an optional value.
template <typename T, typename V, typename Set, typename Get>
Row<T> computed(std::string path, Type<V> type, std::string fallback, std::string doc, Set set, Get get) {
    auto read = [read_value = std::move(type.read), set](const Node& node, T& target, Reader& reader) {
        if (auto value = read_value(node, reader)) set(target, *std::move(value));
    };
    auto show = [show_value = std::move(type.show), get](const T& target) {
        const std::optional<V> value = get(target);
        return value ? show_value(*value) : Value{};
    };
    return {std::move(path),
            std::move(type.shape),
            std::move(fallback),
            std::move(doc),
            std::move(read),
            std::move(show),
            {},
            Effect::at_once,
            {},
            {}};
}

// A row that is a field of its target (YARD_FIELD), plain or optional.
template <typename T, typename V, typename Field>
Row<T> row(std::string path, Type<V> type, std::string fallback, std::string doc, Field field) {
    const auto set = [field](T& target, V value) { field(target) = std::move(value); };
    const auto get = [field](const T& target) { return std::optional<V>(field(target)); };
    return computed<T>(std::move(path), std::move(type), std::move(fallback), std::move(doc), set, get);
}

// For keys that set what another row shows, see Row::shown_by.
template <typename V>
constexpr auto shown_elsewhere() {
    return [](const auto&) { return std::optional<V>(); };
}

// NOLINTBEGIN(bugprone-macro-parentheses): a lambda needs none
#define YARD_FIELD(name)        \
    [](auto& target) -> auto& { \
        return target.name;     \
    }
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace yard::conf
