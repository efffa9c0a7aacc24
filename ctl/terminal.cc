#include "ctl/terminal.h"

#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace yard::ctl {
namespace {

std::string variable(const char* name) {
    const char* value = getenv(name);
    return value ? value : "";
}

// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as in setlocale(3).
bool names_utf8(const TerminalFacts& facts) {
    const std::string& name = !facts.lc_all.empty()     ? facts.lc_all
                              : !facts.lc_ctype.empty() ? facts.lc_ctype
                                                        : facts.lang;
    const char* charset = name.c_str() + std::min(name.find('.'), name.size());
    return strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0;
}

size_t columns_of(const TerminalFacts& facts) {
    size_t columns = 0;
    const std::string& text = facts.columns_variable;
    std::from_chars(text.data(), text.data() + text.size(), columns);
    if (columns == 0) columns = facts.columns;
    return columns == 0 ? 80 : columns;
}

const char* escape_of(Colour colour) {
    switch (colour) {
        case Colour::bold:
            return "\033[1m";
        case Colour::dim:
            return "\033[2m";
        case Colour::red:
            return "\033[31m";
        case Colour::green:
            return "\033[32m";
        case Colour::yellow:
            return "\033[33m";
        case Colour::blue:
            return "\033[34m";
        case Colour::magenta:
            return "\033[35m";
        case Colour::cyan:
            return "\033[36m";
        case Colour::none:
            break;
    }
    return "";
}

}  // namespace

Terminal describe_terminal(const TerminalFacts& facts) {
    Terminal terminal;
    terminal.is_tty = facts.is_tty;
    terminal.utf8 = names_utf8(facts);
    if (!facts.is_tty) return terminal;
    terminal.can_redraw = facts.term != "dumb";
    terminal.colours = terminal.can_redraw && facts.no_color.empty();
    terminal.width = columns_of(facts);
    terminal.height = facts.lines == 0 ? 24 : facts.lines;
    return terminal;
}

Terminal Terminal::of(int fd) {
    TerminalFacts facts;
    winsize size{};
    facts.is_tty = isatty(fd) == 1;
    if (facts.is_tty && ioctl(fd, TIOCGWINSZ, &size) == 0) {
        facts.columns = size.ws_col;
        facts.lines = size.ws_row;
    }
    facts.columns_variable = variable("COLUMNS");
    facts.no_color = variable("NO_COLOR");
    facts.term = variable("TERM");
    facts.lc_all = variable("LC_ALL");
    facts.lc_ctype = variable("LC_CTYPE");
    facts.lang = variable("LANG");
    return describe_terminal(facts);
}

std::string Terminal::paint(std::string_view text, Colour colour) const {
    if (!colours || colour == Colour::none || text.empty()) return std::string(text);
    return escape_of(colour) + std::string(text) + "\033[0m";
}

}  // namespace yard::ctl
