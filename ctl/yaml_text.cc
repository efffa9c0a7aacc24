#include "ctl/yaml_text.h"

#include <algorithm>

#include "conf/yaml_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

std::string scalar_text(const Json& value) {
    return value.is_string() && conf::is_plain_yaml(value.as_string()) ? value.as_string() : value.dump();
}

std::string key_text(const std::string& key) {
    return conf::is_plain_yaml(key) ? key : Json(key).dump();
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
