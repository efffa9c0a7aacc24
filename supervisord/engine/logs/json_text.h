// The text of a JSON string, without its quotes: written for log lines, and read back from them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace yard::engine::logs {

// Appends `text` with quotes, backslashes and control characters escaped; what is not UTF-8 becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);

// The size of the longest front of `text` that does not end within a UTF-8 character.
size_t whole_utf8_size(std::string_view text);

// The text that begins at text[0] and ends before the first unescaped quote. Nothing when no quote or a wrong
// escape comes.
std::optional<std::string> parse_json_text(std::string_view text);

}  // namespace yard::engine::logs
