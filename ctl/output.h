// Standard output, buffered. A reader that goes away (`ctl logs | head`) is no error: writing just stops.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace yard::ctl {

class Output {
  public:
    // Writes to `fd`, which is borrowed. REQUIRES: SIGPIPE is ignored.
    explicit Output(int fd) : fd_(fd) {}

    void write(std::string_view text);
    void line(std::string_view text);
    void flush();

    // The reader is gone or the medium full: a stream should end.
    bool closed() const { return closed_; }
    // What went wrong, if it was anything but the reader leaving. Flushes.
    Status finish();

  private:
    int fd_;
    std::string buffer_;
    bool closed_ = false;
    int error_ = 0;
};

}  // namespace yard::ctl
