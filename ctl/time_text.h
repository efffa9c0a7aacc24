// Times as people read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace yard::ctl {

// RFC 3339 in UTC with any number of fraction digits ("2026-01-31T12:00:00.123Z"); nothing for anything else.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// "2m 5s"; whole seconds, never negative: a clock that was set back is no reason to frighten anyone.
std::string age_words(Duration age);

// "Sat 2026-01-31 12:00:00" in the local time zone.
std::string local_time_words(WallTime time);

}  // namespace yard::ctl
