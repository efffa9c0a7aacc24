#include "packaging/documents/option_text.h"

namespace yard::documents {
namespace {

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

OptionNames names_of(std::string_view spelling) {
    const size_t comma = spelling.find(',');
    OptionNames names;
    if (comma != std::string_view::npos) names.short_name = spelling.substr(0, comma);
    const std::string_view rest =
        trimmed(comma == std::string_view::npos ? spelling : spelling.substr(comma + 1));
    const size_t blank = rest.find(' ');
    names.long_name = rest.substr(0, blank);
    if (blank != std::string_view::npos) names.value = trimmed(rest.substr(blank));
    return names;
}

std::vector<UsageLine> usage_lines(std::string_view usage) {
    std::vector<UsageLine> lines;
    bool inside = false;
    for (size_t at = 0; at < usage.size();) {
        const size_t end = std::min(usage.find('\n', at), usage.size());
        const std::string_view line = usage.substr(at, end - at);
        const std::string_view text = trimmed(line);
        at = end + 1;
        if (text.starts_with('-')) {
            const size_t gap = text.find("  ");
            lines.push_back({std::string(text.substr(0, gap)), std::string(trimmed(text.substr(gap)))});
            inside = true;
        } else if (inside && line.starts_with("        ")) {
            lines.back().help += " " + std::string(text);
        } else {
            inside = false;
        }
    }
    return lines;
}

}  // namespace yard::documents
