// Telling a person that something takes its time: one line on a terminal that is written over as work goes on and wiped away at its end.
#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/terminal.h"

namespace yard::ctl {

// When a person who waits wants to hear something: after half a second, then once a second.
class TellingTimes {
  public:
    // Until the next of them; 0: it has come.
    std::chrono::milliseconds left() const;
    // It is told now. Gives for how long all of it has taken.
    Duration told();

  private:
    const BootTime began_ = SystemClock().now();
    BootTime next_ = began_ + std::chrono::milliseconds(500);
};

class Progress {
  public:
    // Shows nothing where the terminal cannot redraw a line.
    Progress(int fd, Terminal terminal) : out_(fd), terminal_(terminal) {}
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::string_view text);

  private:
    Output out_;
    Terminal terminal_;
    bool shown_ = false;
};

}  // namespace yard::ctl
