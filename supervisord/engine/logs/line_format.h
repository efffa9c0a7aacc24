// How one line looks in a log: as written, behind a timestamp, as a JSON object, or behind a service's name.
// A line is put together from its parts, because a very long one comes in several.
//
// JSON is always valid UTF-8: bytes that are not become U+FFFD.
//
// Thread safety: none.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "conf/config.h"

namespace yard::engine::logs {

class LineFormat {
  public:
    using Kind = conf::LogPolicy::Format;

    LineFormat(Kind kind, const std::string& service) : kind_(kind), service_(service) {}

    Kind kind() const { return kind_; }
    // Stands before everything else on a line ("api | ").
    void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
    // The time of all lines from now on.
    void set_time(WallTime time);

    void begin_line(std::string& out) const { out += head_; }
    // A line or a part of one, without its newline.
    void body(std::string& out, std::string_view text) const;
    void end_line(std::string& out) const;

    // How much of `text`, a part that ends where more will follow, can be formatted now: a UTF-8 character
    // that is cut in two must wait for its other half in JSON.
    size_t divisible_size(std::string_view text) const;

  private:
    Kind kind_;
    std::string service_;
    std::string prefix_;
    std::string head_;
};

// The formatted form of as many lines at the front of `text` as fit into `limit` bytes (at least one if
// `force_one`).
struct FormattedLines {
    size_t taken = 0;       // bytes of `text`
    bool mid_line = false;  // the last line is not at its end
};
// Appends to `out`. `mid_line`: `text` begins in the middle of a line that was begun earlier. What is left in
// `text` behind its last newline is a part of a line; `complete_last` ends that line.
FormattedLines format_lines(const LineFormat& format, std::string_view text, bool mid_line,
                            bool complete_last, size_t limit, bool force_one, std::string& out);

}  // namespace yard::engine::logs
