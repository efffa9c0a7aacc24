// The whole screen of a terminal, drawn anew again and again without a flicker; at the end the terminal is as before.
#pragma once

#include <string_view>

#include "ctl/output.h"
#include "ctl/terminal.h"

namespace yard::ctl {

class Screen {
  public:
    // Takes the terminal behind `fd`, which is borrowed. From now on Ctrl-C gives the terminal back and ends ctl with
    // exit code 0; so do SIGTERM and SIGHUP, with 128 and their number. Ctrl-Z gives it back until ctl goes on. At most
    // one Screen at a time. A wait that a signal interrupts (EINTR) is the moment to draw: the size is another.
    explicit Screen(int fd);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Shows `text` from the top, as far as there are lines for it.
    void draw(std::string_view text, const Terminal& terminal);
    bool closed() const { return out_.closed(); }

  private:
    Output out_;
};

}  // namespace yard::ctl
