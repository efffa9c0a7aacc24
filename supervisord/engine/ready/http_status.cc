#include "engine/ready/http_status.h"

#include <algorithm>

namespace yard::engine {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The code of "HTTP/1.1 200 OK", with or without a reason and a CR; 0 if it is no status line.
int status_code(std::string_view line) {
    constexpr std::string_view kVersion = "HTTP/1.";
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(kVersion)) return 0;
    line.remove_prefix(kVersion.size());
    const bool shaped = line.size() >= 5 && is_digit(line[0]) && line[1] == ' ' &&
                        std::all_of(line.begin() + 2, line.begin() + 5, is_digit) &&
                        (line.size() == 5 || line[5] == ' ');
    if (!shaped) return 0;
    return (line[2] - '0') * 100 + (line[3] - '0') * 10 + (line[4] - '0');
}

// The size of a head up to and with its empty line; npos when it is not complete.
size_t head_size(std::string_view head) {
    for (size_t start = 0;;) {
        const size_t end = head.find('\n', start);
        if (end == std::string_view::npos) return end;
        const std::string_view line = head.substr(start, end - start);
        if (line.empty() || line == "\r") return end + 1;
        start = end + 1;
    }
}

}  // namespace

HttpStatus parse_http_status(std::string_view received) {
    using State = HttpStatus::State;
    const State unfinished = received.size() >= kMaxHttpHeadBytes ? State::malformed : State::incomplete;
    while (true) {
        const size_t line_end = received.find('\n');
        if (line_end == std::string_view::npos) return {unfinished, 0};
        const int code = status_code(received.substr(0, line_end));
        if (code < 100) return {State::malformed, 0};
        if (code >= 200) return {State::complete, code};
        const size_t size = head_size(received);
        if (size == std::string_view::npos) return {unfinished, 0};
        received.remove_prefix(size);
    }
}

}  // namespace yard::engine
