#include "ctl/yaml_text.h"

#include <algorithm>
#include <string_view>

namespace yard::ctl {
namespace {

using varlink::Json;

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

// Would YAML read it as the same string without quotes? Errs on the side of quoting.
bool is_plain(const std::string& text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_tame)) return false;
    if (std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords)) return false;
    if (is_letter(text[0])) return true;
    if (is_digit(text[0]))
        return text.find('x') == std::string::npos && kUnitEnds.find(text.back()) != kUnitEnds.npos;
    const size_t word = text.find_first_not_of('-');  // an option: "--port"
    return word != std::string::npos && is_letter(text[word]);
}

std::string scalar_text(const Json& value) {
    return value.is_string() && is_plain(value.as_string()) ? value.as_string() : value.dump();
}

std::string key_text(const std::string& key) {
    return is_plain(key) ? key : Json(key).dump();
}

bool is_container(const Json& value) {
    return !value.as_array().empty() || !value.as_object().empty();
}

bool is_flat_list(const Json& value) {
    const Json::Array& items = value.as_array();
    return !items.empty() && std::none_of(items.begin(), items.end(), is_container);
}

std::string inline_text(const Json& value) {
    if (!is_flat_list(value)) return scalar_text(value);
    std::string text;
    for (const Json& item : value.as_array()) text += (text.empty() ? "[" : ", ") + scalar_text(item);
    return text + "]";
}

std::string block_text(const Json& value, const std::string& indent) {
    std::string text;
    for (const Json& item : value.as_array()) {
        std::string block =
            is_container(item) ? block_text(item, indent + "  ") : indent + "  " + scalar_text(item) + "\n";
        block[indent.size()] = '-';
        text += block;
    }
    for (const auto& [key, member] : value.as_object()) {
        const bool is_inline = !is_container(member) || is_flat_list(member);
        text += indent + key_text(key) + ":";
        text += is_inline ? " " + inline_text(member) + "\n" : "\n" + block_text(member, indent + "  ");
    }
    return text;
}

}  // namespace

std::string to_yaml(const Json& value) {
    return is_container(value) ? block_text(value, "") : scalar_text(value) + "\n";
}

}  // namespace yard::ctl
