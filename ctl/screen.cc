#include "ctl/screen.h"

#include <signal.h>
#include <unistd.h>

namespace yard::ctl {
namespace {

// As xterm(1) and all that follow it: the alternate screen, the cursor, wiping to the end of line and of screen.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l", kLeave = "\033[?25h\033[?1049l";
constexpr std::string_view kTop = "\033[H", kWipeLine = "\033[K\n", kWipeRest = "\033[K\033[J";
constexpr int kEnds[] = {SIGINT, SIGTERM, SIGHUP};

int terminal_fd = -1;  // for the signal handler

void put(std::string_view sequence) {
    static_cast<void>(!::write(terminal_fd, sequence.data(), sequence.size()));
}

void leave_and_end(int signal_number) {
    put(kLeave);
    _exit(signal_number == SIGINT ? 0 : 128 + signal_number);
}

void leave_for_a_while(int) {
    put(kLeave);
    raise(SIGSTOP);
    put(kEnter);
}

void interrupt_the_wait(int) {}

}  // namespace

Screen::Screen(int fd) : out_(fd) {
    terminal_fd = fd;
    for (const int number : kEnds) signal(number, leave_and_end);
    signal(SIGTSTP, leave_for_a_while);
    signal(SIGWINCH, interrupt_the_wait);
    out_.write(kEnter);
    out_.flush();
}

Screen::~Screen() {
    out_.write(kLeave);
    out_.flush();
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) signal(number, SIG_DFL);
}

void Screen::draw(std::string_view text, const Terminal& terminal) {
    out_.write(kTop);
    for (size_t line = 1; !text.empty(); ++line) {
        const size_t end = std::min(text.find('\n'), text.size());
        out_.write(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line == terminal.height) break;  // a newline there would scroll
        if (!text.empty()) out_.write(kWipeLine);
    }
    out_.write(kWipeRest);
    out_.flush();
}

}  // namespace yard::ctl
