// The kinds of value a row of the schema can have. A Type<T> knows how its values are described in a
// sentence, how one is read from a node (reporting what is wrong with it), and how one is written back.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "conf/node.h"
#include "conf/quantity.h"
#include "conf/reader.h"
#include "conf/value.h"

namespace yard::conf {

// What a value looks like: for messages, the manual and the JSON schema.
struct Shape {
    std::string kind;                // "duration", "size", "integer", "word", "list of text" ...
    std::string expected;            // completes "expected ...": "a whole number from -20 to 19"
    std::vector<std::string> words;  // all that is allowed, for kind "word" and "boolean"
    std::optional<std::pair<int64_t, int64_t>> range;  // numbers; milliseconds for durations, bytes for sizes
    bool lone = false;                                 // of a list: one item may stand without brackets
};

template <typename T>
struct Type {
    Shape shape;
    // Nothing after it has reported what is wrong.
    std::function<std::optional<T>(const Node&, Reader&)> read;
    std::function<Value(const T&)> show;
};

// A type whose values are one piece of text. `parse` fails with a proposal, or an empty message.
template <typename T>
Type<T> scalar(Shape shape, std::function<Result<T>(const std::string&)> parse,
               std::function<Value(const T&)> show) {
    const std::string expected = shape.expected;
    auto read = [expected, parse = std::move(parse)](const Node& node, Reader& reader) -> std::optional<T> {
        if (!node.is_scalar()) {
            reader.expected(expected, node);
            return {};
        }
        Result<T> value = parse(node.text());
        if (value) return *std::move(value);
        reader.expected(expected, node, value.error().message);
        return {};
    };
    return {std::move(shape), std::move(read), std::move(show)};
}

// Any text that is not empty.
Type<std::string> text();
// A path; a relative one starts at the folder of the file that holds it.
Type<std::string> path();
Type<std::string> socket_path();  // a path, or @name in the abstract namespace
Type<bool> boolean();             // true yes on, false no off
Type<double> number(int64_t low, int64_t high);
Type<double> percent();  // 0% .. 100%, as a fraction
Type<Milliseconds> duration(Milliseconds low = Milliseconds{0},
                            Milliseconds high = std::chrono::hours{24 * 365});
Type<std::chrono::seconds> whole_seconds();
Type<uint64_t> size(uint64_t low = 0);
Type<int> signal();  // by name or number

// "host:port"; an IPv6 address in brackets.
Type<std::string> host_port();
Type<std::string> http_url();
// An extended regular expression as regcomp(3) takes it.
Type<std::string> regular_expression();

// Program and arguments, none of it by a shell.
Type<std::vector<std::string>> command_line();

Type<int64_t> integer64(int64_t low, int64_t high);

template <typename T>
Type<T> integer(T low, T high) {
    Type<int64_t> wide = integer64(low, high);
    auto read = [inner = wide.read](const Node& node, Reader& reader) -> std::optional<T> {
        const auto value = inner(node, reader);
        return value ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
    };
    return {wide.shape, std::move(read), [](const T& value) { return Value{int64_t{value}}; }};
}

// Base of words(): the position of the word.
Type<size_t> one_of(std::vector<std::string> words);

// A value of `E` by its word. A value without a word (such as "inherit") is shown as nothing.
template <typename E>
Type<E> words(std::vector<std::pair<std::string, E>> pairs) {
    std::vector<std::string> names;
    for (const auto& [name, value] : pairs) names.push_back(name);
    Type<size_t> position = one_of(std::move(names));
    auto read = [pairs, inner = position.read](const Node& node, Reader& reader) -> std::optional<E> {
        const auto found = inner(node, reader);
        return found ? std::optional<E>(pairs[*found].second) : std::nullopt;
    };
    auto show = [pairs](const E& wanted) {
        for (const auto& [name, value] : pairs) {
            if (value == wanted) return Value{name};
        }
        return Value{};
    };
    return {position.shape, std::move(read), std::move(show)};
}

// May a list of one item be written without the brackets?
enum class Lone { refused, accepted };

// A list of `item`. A bad item is reported and stands in the list as T{}, so that items and places stay side
// by side.
template <typename T>
Type<std::vector<T>> list_of(Type<T> item, Lone lone = Lone::refused) {
    Shape shape{"list of " + item.shape.kind, "a list, each item " + item.shape.expected, item.shape.words,
                item.shape.range, lone == Lone::accepted};
    auto read = [read_item = item.read, lone, expected = shape.expected](
                    const Node& node, Reader& reader) -> std::optional<std::vector<T>> {
        std::vector<T> values;
        const auto add = [&](const Node& one) {
            reader.item(one.mark());
            values.push_back(read_item(one, reader).value_or(T{}));
        };
        if (node.is_list()) {
            for (const Node* one : node.items()) add(*one);
        } else if (node.is_scalar() && lone == Lone::accepted) {
            add(node);
        } else if (!node.is_null()) {
            const std::string proposal = node.is_scalar() ? "write [" + in_quotes(node.text()) + "]" : "";
            reader.expected(expected, node, proposal);
            return {};
        }
        return values;
    };
    auto show = [show_item = item.show](const std::vector<T>& values) {
        Value::List shown;
        for (const T& value : values) shown.push_back(show_item(value));
        return Value{std::move(shown)};
    };
    return {std::move(shape), std::move(read), std::move(show)};
}

}  // namespace yard::conf
