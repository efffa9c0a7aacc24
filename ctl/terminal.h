// What an output is: a terminal of some width, or a file or pipe.
#pragma once

#include <string>
#include <string_view>

#include "ctl/display_text.h"

namespace yard::ctl {

enum class Colour { none, bold, dim, red, green, yellow, blue, magenta, cyan };

struct Terminal {
    bool is_tty = false;
    bool colours = false;
    bool can_redraw = false;  // a line can be written over
    bool utf8 = true;
    size_t width = 0;   // columns; 0: no limit
    size_t height = 0;  // lines; 0: no limit

    // As `fd` and the environment say: COLUMNS, NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG. `fd` is borrowed.
    static Terminal of(int fd);

    std::string paint(std::string_view text, Colour colour) const;
    std::string_view ellipsis() const { return utf8 ? "…" : "..."; }
    // Text from elsewhere, made safe to show here in one line.
    std::string safe(std::string text) const {
        return neutralised(std::move(text), {.ascii_only = is_tty && !utf8});
    }
};

// What Terminal::of() looks at.
struct TerminalFacts {
    bool is_tty = false;
    size_t columns = 0, lines = 0;  // TIOCGWINSZ; 0: unknown
    std::string columns_variable{}, no_color{}, term{}, lc_all{}, lc_ctype{}, lang{};
};
Terminal describe_terminal(const TerminalFacts& facts);

}  // namespace yard::ctl
