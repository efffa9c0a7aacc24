#include "conf/yaml_text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace yard::conf {
namespace {

constexpr std::string_view kWords[] = {"null", "true", "false", "yes", "no", "on", "off"};
constexpr std::string_view kUnitEnds = "smhdB";  // "100ms", "64KiB": no number ends like this

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_tame(char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '@';
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(c));
            out += escape;
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

struct Writer {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const {
        char digits[32];
        return {digits, std::to_chars(digits, digits + sizeof digits, v).ptr};
    }
    std::string operator()(const std::string& v) const { return is_plain_yaml(v) ? v : quoted(v); }
    std::string operator()(const Value::List& list) const {
        std::string text;
        for (const Value& item : list) text += (text.empty() ? "" : ", ") + yaml_text(item);
        return "[" + text + "]";
    }
    std::string operator()(const Value::Map& map) const {
        std::string text;
        for (const auto& [key, item] : map)
            text += (text.empty() ? "" : ", ") + (*this)(key) + ": " + yaml_text(item);
        return "{" + text + "}";
    }
};

}  // namespace

bool is_plain_yaml(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_tame)) return false;
    if (std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords)) return false;
    if (is_letter(text[0])) return true;
    if (is_digit(text[0]))
        return text.find('x') == std::string::npos && kUnitEnds.find(text.back()) != kUnitEnds.npos;
    const size_t word = text.find_first_not_of('-');  // an option: "--port"
    return word != std::string::npos && is_letter(text[word]);
}

std::string yaml_text(const Value& value) {
    return std::visit(Writer(), value.content);
}

}  // namespace yard::conf
