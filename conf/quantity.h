// Numbers with units as people write them in a configuration. Each parser takes the whole text; the message
// of a failure is a proposal such as `did you mean "5s"?`, or empty. Each writer gives text that its parser
// takes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conf/config.h"

namespace yard::conf {

Result<int64_t> parse_integer(std::string_view text);  // decimal, with an optional minus
Result<double> parse_number(std::string_view text);    // decimal fraction, never infinite or NaN
Result<double> parse_percent(std::string_view text);   // "10%" is 0.1

// "0ms", "250ms", "5s", "2m", "1h", "1d". The unit is never left out: nobody has to guess it.
Result<Milliseconds> parse_duration(std::string_view text);
// Bytes: "512", "64KiB", "1MiB", "2GB". Binary and decimal units are told apart by the i.
Result<uint64_t> parse_size(std::string_view text);

std::string write_percent(double fraction);
std::string write_duration(Milliseconds duration);  // in the largest unit that needs no fraction
std::string write_size(uint64_t bytes);

}  // namespace yard::conf
