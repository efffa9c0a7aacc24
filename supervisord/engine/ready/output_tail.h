// OutputTail: what a command writes goes here instead of into the log of its service; the last line is kept.
//
// The command opens a FIFO by its path, so that it needs nothing from the engine but the name. The engine reads it
// as the command writes, which therefore never waits.
//
// Threads: the loop's only.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"

struct uv_loop_s;

namespace yard::engine {

class OutputTail {
  public:
    // Makes the FIFO for a command of user `owner` if it is not there; what an earlier command left in it is dropped.
    static Result<std::unique_ptr<OutputTail>> open(uv_loop_s* loop, const std::string& path, uid_t owner);

    // The last line that is not empty, of what was written by now; a long one is cut at its beginning. As
    // printable_text() gives it.
    std::string last_line();

  private:
    static constexpr size_t kKept = 256;

    explicit OutputTail(UniqueFd fifo) : fifo_(std::move(fifo)) {}
    void read_all();

    UniqueFd fifo_;
    FdWatch watch_;  // after fifo_: must be gone before the descriptor is
    std::string tail_;
};

}  // namespace yard::engine
