#include "ctl/yaml_text.h"

#include <algorithm>
#include <vector>

#include "conf/yaml_text.h"
#include "ctl/display_text.h"

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

struct Line {
    std::string text;
    std::string note;
};

void add_block(const Json& value, const Json& notes, const std::string& indent, std::vector<Line>& lines) {
    for (const Json& item : value.as_array()) {
        const size_t first = lines.size();
        if (is_container(item)) {
            add_block(item, {}, indent + "  ", lines);
        } else {
            lines.push_back({indent + "  " + scalar_text(item), ""});
        }
        lines[first].text[indent.size()] = '-';
    }
    for (const auto& [key, member] : value.as_object()) {
        const Json& note = notes[key];
        const bool is_inline = !is_container(member) || is_flat_list(member);
        lines.push_back({indent + key_text(key) + ":" + (is_inline ? " " + inline_text(member) : ""),
                         neutralised(note.as_string())});
        if (!is_inline) add_block(member, note, indent + "  ", lines);
    }
}

// Where comments begin: behind the longest line, but those that are longer still do not count.
size_t column_of_notes(const std::vector<Line>& lines) {
    constexpr size_t kFarthest = 40;
    size_t column = 0;
    for (const Line& line : lines) {
        const size_t width = display_width(line.text);
        if (!line.note.empty() && width <= kFarthest) column = std::max(column, width);
    }
    return column;
}

}  // namespace

std::string to_yaml(const Json& value, const Json& notes) {
    if (!is_container(value)) return scalar_text(value) + "\n";
    std::vector<Line> lines;
    add_block(value, notes, "", lines);
    const size_t column = column_of_notes(lines);
    std::string text;
    for (const Line& line : lines) {
        text += line.text;
        const size_t width = display_width(line.text);
        if (!line.note.empty())
            text += std::string(column - std::min(column, width), ' ') + "  # " + line.note;
        text += '\n';
    }
    return text;
}

}  // namespace yard::ctl
