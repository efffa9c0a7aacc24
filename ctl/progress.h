// One line on a terminal that is written over as work goes on and wiped away at its end.
#pragma once

#include <string_view>

#include "ctl/output.h"
#include "ctl/terminal.h"

namespace yard::ctl {

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
