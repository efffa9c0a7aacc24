// A line that carries its own time: what the formats text and json write, read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace yard::engine::logs {

struct StampedLine {
    WallTime time;
    std::string text;  // without the timestamp; unescaped
};

// Reads "2026-01-31T12:00:00.123Z line" and {"time":"...","service":"...","line":"..."} as LineFormat writes
// them.
std::optional<StampedLine> parse_stamped(std::string_view line);

// "2026-01-31T12:00:00.123Z", as format_rfc3339 writes it.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace yard::engine::logs
