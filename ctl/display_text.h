// Text on a terminal: how wide it is, how to cut it, and how to keep what a service says from driving the
// terminal. Independent of the C locale, which is never set: reading its files would cost more than a whole
// `ctl status`.
#pragma once

#include <string>
#include <string_view>

namespace yard::ctl {

// `text` with nothing in it that a terminal would obey: control characters become ^X, C1 controls,
// bidirectional overrides and bytes that are no UTF-8 become U+FFFD. A tab stays where `keep_tabs`. With
// `ascii_only` every character outside ASCII becomes '?' (an 8-bit terminal would take parts of UTF-8 for
// controls).
struct Neutralising {
    bool keep_tabs = false;
    bool ascii_only = false;
};
std::string neutralised(std::string text, Neutralising how = {});

// Columns that `text` (neutralised UTF-8) takes: 0 for combining characters, 2 for wide ones.
size_t display_width(std::string_view text);

// `text`, cut to at most `width` columns with `ellipsis` at its end when it does not fit.
std::string cut_to_width(std::string_view text, size_t width, std::string_view ellipsis);

}  // namespace yard::ctl
