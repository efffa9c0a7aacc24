// Readiness as s6 has it: the service writes a newline to a descriptor that it was started with.
//
// The descriptor leads to a FIFO in the runtime directory, so that nothing needs passing to the child but a
// path, and a new engine can go on waiting. How it is to be used:
//   1. before every spawn: make_ready_fifo(); the keeper holds the descriptor until the process is gone, so
//      that a newline is not lost while there is no engine.
//   2. the child opens the path O_RDWR as the descriptor that `ready: {fd: N}` names: that never blocks, and
//      writing never raises SIGPIPE, whoever is gone.
//   3. the probe opens the path for itself: after a spawn, or after the engine was restarted.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"
#include "engine/ready/probe.h"

namespace yard::engine {

// Makes a new FIFO for `owner`, mode 0600, in the place of one that an earlier process may still write to.
// Gives a descriptor open for reading and writing, non-blocking, close-on-exec.
Result<UniqueFd> make_ready_fifo(const std::string& path, uid_t owner);

class FifoProbe : public Probe {
  public:
    // `fd` is the service's number for it, for messages only.
    static Result<std::unique_ptr<FifoProbe>> create(uv_loop_s* loop, const std::string& path, int fd,
                                                     std::function<void()> on_ready);

    std::string last_failure() const override;

  private:
    FifoProbe(UniqueFd fifo, int fd, std::function<void()> on_ready);
    void on_readable();

    UniqueFd fifo_;
    FdWatch watch_;  // after fifo_: must be gone before the descriptor is
    int service_fd_;
    std::function<void()> on_ready_;
};

}  // namespace yard::engine
