// FileProbe: ready when a path exists that was made, moved there or changed since the service's start: one of an
// earlier run says nothing. inotify(7) on its folder tells at once; a look every interval finds what inotify
// cannot tell: the folder did not exist, a link on the way was changed, the user is out of instances.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"
#include "engine/loop/loop_timer.h"
#include "engine/ready/probe.h"

namespace yard::engine {

class FileProbe : public Probe {
  public:
    // `since`: before the service's process was there.
    FileProbe(uv_loop_s* loop, std::string path, BootTime since, Duration interval,
              std::function<void()> on_ready);

    std::string last_failure() const override;

  private:
    void look();
    int find() const;
    void on_folder_changed();

    std::string path_, folder_;
    BootTime since_;
    Duration interval_;
    std::function<void()> on_ready_;
    int failure_ = 0;  // errno of the last look; ESTALE: older than `since`
    LoopTimer timer_;
    UniqueFd inotify_;
    FdWatch watch_;  // after inotify_: must be gone before the descriptor is
};

}  // namespace yard::engine
