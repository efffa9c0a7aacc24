#include "conf/env_file.h"

#include <cctype>
#include <optional>

#include "conf/plain_text.h"

namespace yard::conf {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

char unescape(char c) {
    if (c == 'n') return '\n';
    return c == 't' ? '\t' : c;
}

// The inside of a value that begins with a quote; nothing when the quote is not closed at the end of the
// line.
std::optional<std::string> unquote(std::string_view value) {
    const char quote = value[0];
    std::string text;
    for (size_t i = 1; i < value.size(); ++i) {
        if (value[i] == quote) return i + 1 == value.size() ? std::optional(text) : std::nullopt;
        if (quote == '"' && value[i] == '\\' && i + 1 < value.size()) {
            text += unescape(value[++i]);
        } else {
            text += value[i];
        }
    }
    return {};
}

// One line that is neither blank nor a comment, or what is wrong with it.
Result<std::pair<std::string, std::string>> read_line(std::string_view line) {
    constexpr std::string_view kExport = "export ";
    if (line.starts_with(kExport)) line = trim(line.substr(kExport.size()));
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return fail("expected NAME=VALUE, not " + in_quotes(line));
    const std::string name(trim(line.substr(0, equals)));
    if (!is_variable_name(name))
        return fail(in_quotes(name) + " cannot be the name of a variable; expected letters, digits and _");
    const std::string_view value = trim(line.substr(equals + 1));
    if (value.empty() || (value[0] != '"' && value[0] != '\'')) return std::pair(name, std::string(value));
    const auto inside = unquote(value);
    if (inside) return std::pair(name, *inside);
    return fail("the value of " + name + " begins with a quote; expected one at its end and none between");
}

}  // namespace

bool is_variable_name(std::string_view name) {
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
    for (const char c : name) {
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.' && c != '-') return false;
    }
    return true;
}

Environment parse_env_file(std::string_view text, uint32_t file, Reader& reader) {
    Environment variables;
    if (const auto fault = find_text_fault(text)) {
        reader.report().error({file, fault->line, fault->column}, fault->message);
        return variables;
    }
    uint32_t number = 1;
    for (size_t at = 0; at < text.size(); ++number) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view whole = text.substr(at, end - at);
        const std::string_view line = trim(whole);
        at = end + 1;
        if (line.empty() || line[0] == '#') continue;
        const Mark mark{file, number, static_cast<uint32_t>(line.data() - whole.data() + 1)};
        auto variable = read_line(line);
        if (!variable) {
            reader.report().error(mark, variable.error().message);
            continue;
        }
        reader.member(variable->first, mark);
        variables[std::move(variable->first)] = std::move(variable->second);
    }
    return variables;
}

}  // namespace yard::conf
