#include "conf/service_types.h"

#include <sched.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace yard::conf {
namespace {

Result<std::vector<int>> parse_cpu_range(const std::string& text) {
    const size_t dash = text.find('-');
    const auto first = parse_integer(text.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_integer(text.substr(dash + 1));
    if (!first || !last || *first < 0 || *last >= CPU_SETSIZE) return fail("");
    if (*first > *last)
        return fail("did you mean \"" + std::to_string(*last) + "-" + std::to_string(*first) + "\"?");
    std::vector<int> cpus;
    for (int64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
    return cpus;
}

const Type<Condition>& condition() {
    static const Type<Condition> type = words<Condition>(
        {{"started", Condition::started}, {"ready", Condition::ready}, {"completed", Condition::completed}});
    return type;
}

void add_dependencies(const Node::Entries& entries, Reader& reader, std::vector<Dependency>& found) {
    for (const Node::Entry& entry : entries) {
        reader.item(entry.key_mark);
        const auto when = condition().read(*entry.value, reader);
        found.push_back({entry.key, when.value_or(Condition::ready)});
    }
}

std::optional<std::vector<Dependency>> read_dependencies(const Node& node, Reader& reader) {
    const std::string expected = "a list of services, such as [db, {setup: completed}]";
    std::vector<Dependency> found;
    if (node.is_map()) {
        add_dependencies(node.entries(), reader, found);
    } else if (node.is_list()) {
        for (const Node* item : node.items()) {
            if (item->is_map()) {
                add_dependencies(item->entries(), reader, found);
            } else if (item->is_scalar()) {
                reader.item(item->mark());
                found.push_back({item->text(), Condition::ready});
            } else {
                reader.expected("the name of a service", *item);
            }
        }
    } else if (!node.is_null()) {
        reader.expected(expected, node, node.is_scalar() ? "write [" + in_quotes(node.text()) + "]" : "");
        return {};
    }
    return found;
}

Value show_dependencies(const std::vector<Dependency>& all) {
    Value::List shown;
    for (const auto& [service, when] : all) {
        const bool plain = when == Condition::ready;
        shown.push_back(plain ? Value{service} : Value{Value::Map{Member{service, condition().show(when)}}});
    }
    return shown.empty() ? Value{} : Value{std::move(shown)};
}

std::optional<Environment> read_environment(const Node& node, Reader& reader) {
    Environment variables;
    if (node.is_null()) return variables;
    if (!node.is_map()) {
        reader.expected("a map such as {NAME: text}", node);
        return {};
    }
    for (const auto& [name, mark, value] : node.entries()) {
        if (!is_variable_name(name)) {
            reader.error(
                mark, in_quotes(name) + " cannot be the name of a variable; expected letters, digits and _");
        } else if (value->is_null()) {
            reader.error(mark, name + " has no value; expected text, or \"\" for an empty one");
        } else if (!value->is_scalar()) {
            reader.expected("text for " + name, *value);
        } else {
            variables[name] = value->text();
            reader.member(name, mark);
        }
    }
    return variables;
}

Value show_environment(const Environment& variables) {
    Value::Map shown;
    for (const auto& [name, value] : variables) shown.push_back({name, Value{value}});
    return shown.empty() ? Value{} : Value{std::move(shown)};
}

std::optional<Environment> read_environment_files(const Node& node, Reader& reader) {
    static const Type<std::vector<std::string>> paths = list_of(path(), Lone::accepted);
    const auto found = paths.read(node, reader);
    if (!found) return {};
    Environment variables;
    for (size_t i = 0; i < found->size(); ++i) {
        const std::string& name = (*found)[i];
        if (name.empty()) continue;  // reported already
        const auto content = reader.source().read_file(name);
        if (!content) {
            reader.error(reader.items()[i],
                         content.error().message + "; expected a file of NAME=VALUE lines");
            continue;
        }
        for (auto& [key, value] : parse_env_file(*content, reader.report().number_of(name), reader)) {
            variables[key] = value;
        }
    }
    return variables;
}

}  // namespace

Type<std::string> account() {
    const auto parse = [](const std::string& name) -> Result<std::string> {
        if (name.find(':') != std::string::npos) return fail("the group has a key of its own");
        if (name.empty() || name.find_first_of(" /\t\n") != std::string::npos) return fail("");
        return name;
    };
    return scalar<std::string>({"account", "a name or a number", {}, {}}, parse,
                               [](const std::string& name) { return name.empty() ? Value{} : Value{name}; });
}

Type<uint32_t> octal_mask() {
    const auto parse = [](const std::string& digits) -> Result<uint32_t> {
        uint32_t mask = 0;
        const char* last = digits.data() + digits.size();
        const auto [end, error] = std::from_chars(digits.data(), last, mask, 8);
        if (error != std::errc() || end != last || mask > 0777) return fail("");
        return mask;
    };
    return scalar<uint32_t>({"octal", "octal digits from 000 to 777, such as 022", {}, {}}, parse,
                            [](const uint32_t& mask) {
                                char digits[8];
                                std::snprintf(digits, sizeof digits, "%03o", mask);
                                return Value{std::string(digits)};
                            });
}

Type<std::vector<int>> cpu_list() {
    const std::string expected =
        "a CPU from 0 to " + std::to_string(CPU_SETSIZE - 1) + " or a range such as 0-3";
    const auto range = scalar<std::vector<int>>({"CPU range", expected, {}, {}}, parse_cpu_range,
                                                [](const auto&) { return Value{}; });
    const auto ranges = list_of(range, Lone::accepted);
    auto read = [inner = ranges.read](const Node& node, Reader& reader) -> std::optional<std::vector<int>> {
        const auto found = inner(node, reader);
        if (!found) return {};
        std::vector<int> cpus;
        for (const auto& some : *found) cpus.insert(cpus.end(), some.begin(), some.end());
        std::sort(cpus.begin(), cpus.end());
        cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
        return cpus;
    };
    return {ranges.shape, std::move(read), list_of(integer<int>(0, CPU_SETSIZE - 1)).show};
}

Type<Environment> environment() {
    return {{"map of text", "a map such as {NAME: text}", {}, {}}, read_environment, show_environment};
}

Type<Environment> environment_files() {
    return {{"list of path", "one path or a list of paths", {}, {}, true},
            read_environment_files,
            show_environment};
}

Type<std::vector<Dependency>> dependencies() {
    return {{"dependencies", "a list of services", condition().shape.words, {}},
            read_dependencies,
            show_dependencies};
}

std::string service_name_fault(const std::string& name) {
    constexpr size_t kMaxLength = 64;
    if (name.empty()) return "a service needs a name";
    if (name.size() > kMaxLength) return "a name has at most " + std::to_string(kMaxLength) + " characters";
    if (name[0] == '.' || name[0] == '-') return "a name does not begin with a dot or dash";
    if (name.find('@') != std::string::npos)
        return "\"@\" is kept for instances; expected letters, digits, dot, dash and _";
    const auto fits = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    };
    return std::all_of(name.begin(), name.end(), fits) ? "" : "expected letters, digits, dot, dash and _";
}

}  // namespace yard::conf
