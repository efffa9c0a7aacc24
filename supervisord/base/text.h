// Small text helpers that more than one layer needs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace yard {

// The candidate nearest to `word` by edit distance (case ignored, transpositions count once), if one is near
// enough to be what was meant; else empty.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

// Does `name` match the shell pattern (`*`, `?`, `[..]`)?
bool matches_glob(std::string_view pattern, std::string_view name);
bool is_glob(std::string_view text);

// RFC 3339 with milliseconds in UTC: 2026-01-31T12:00:00.123Z.
std::string format_rfc3339(WallTime time);

// "400ms", "3s", "2m 5s", "3h 12m", "5d 2h": for people.
std::string format_duration(Duration duration);

}  // namespace yard
