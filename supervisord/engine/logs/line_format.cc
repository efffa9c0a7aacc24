#include "engine/logs/line_format.h"

#include <cstring>

#include "base/text.h"
#include "engine/logs/json_text.h"

namespace yard::engine::logs {

void LineFormat::set_time(WallTime time) {
    head_ = prefix_;
    if (kind_ == Kind::text) head_ += format_rfc3339(time) + ' ';
    if (kind_ == Kind::json) {
        head_ += R"({"time":")" + format_rfc3339(time) + R"(","service":")";
        append_json_escaped(head_, service_);
        head_ += R"(","line":")";
    }
}

void LineFormat::body(std::string& out, std::string_view text) const {
    if (kind_ == Kind::json) {
        append_json_escaped(out, text);
    } else {
        out += text;
    }
}

void LineFormat::end_line(std::string& out) const {
    out += kind_ == Kind::json ? "\"}\n" : "\n";
}

size_t LineFormat::divisible_size(std::string_view text) const {
    return kind_ == Kind::json ? whole_utf8_size(text) : text.size();
}

FormattedLines format_lines(const LineFormat& format, std::string_view text, bool mid_line,
                            bool complete_last, size_t limit, bool force_one, std::string& out) {
    FormattedLines done{0, mid_line};
    if (text.empty() && mid_line && complete_last) {
        format.end_line(out);
        done.mid_line = false;
    }
    while (done.taken < text.size()) {
        const std::string_view rest = text.substr(done.taken);
        const size_t newline = rest.find('\n');
        const bool ends = newline != std::string_view::npos || complete_last;
        const size_t size = newline != std::string_view::npos ? newline
                            : ends                            ? rest.size()
                                                              : format.divisible_size(rest);
        const size_t before = out.size();
        if (!done.mid_line) format.begin_line(out);
        format.body(out, rest.substr(0, size));
        if (ends) format.end_line(out);
        if (out.size() > limit && !(force_one && done.taken == 0)) {
            out.resize(before);
            break;
        }
        done.taken += newline != std::string_view::npos ? size + 1 : size;
        done.mid_line = !ends;
        if (!ends) break;
    }
    return done;
}

}  // namespace yard::engine::logs
