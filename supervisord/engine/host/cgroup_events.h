// CgroupEvents: tells when a cgroup has become empty. One inotify descriptor serves all cgroups, and a cgroup
// is watched only while somebody waits for it, so services that run cost nothing. That somebody else removed it is
// heard of too: the kernel then forgets to tell that it became empty, when that was less than 10 ms after the change
// before (it puts such news off, and drops what is put off with the cgroup).
//
// Threads: the loop's thread only. Callbacks may call anything here but must not destroy the object.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/loop/fd_watch.h"
#include "engine/loop/loop_timer.h"

struct inotify_event;

namespace yard::engine {

class CgroupEvents {
  public:
    using Callback = std::function<void()>;
    struct Wait {
        int watch = -1;
        uint64_t serial = 0;
    };

    static Result<std::unique_ptr<CgroupEvents>> open(uv_loop_s* loop);

    // Calls `callback` once when no process lives in the cgroup or below it, always from the loop and never
    // from inside this call, also when the cgroup is empty already. Fails when the cgroup does not exist. A
    // cgroup that no process has entered yet counts as empty: spawn first, then wait.
    Result<Wait> when_empty(const std::string& directory, Callback callback);
    // The callback will not run. Without effect when it has run or is running.
    void cancel(Wait wait);

  private:
    struct Waiter {
        uint64_t serial;
        Callback callback;
    };
    struct Watched {
        std::string directory;
        std::vector<Waiter> waiters;
    };

    CgroupEvents(uv_loop_s* loop, UniqueFd inotify) : inotify_(std::move(inotify)), again_(loop) {}
    void look_unasked(int watch, Duration after);
    Result<int> add_watch(const std::string& path, uint32_t mask);
    void on_ready();
    std::vector<int> drain();
    void note(const inotify_event& event, const char* name, std::vector<int>* changed) const;
    void check(int watch);
    void unwatch(int watch);

    UniqueFd inotify_;
    std::unordered_map<int, Watched> watched_;      // by watch descriptor
    std::unordered_map<int, std::string> parents_;  // likewise: directories where cgroups are removed
    std::vector<int> unchecked_;                    // watch descriptors to look at unasked
    std::deque<Waiter> due_;                        // whose callbacks are being called
    uint64_t last_serial_ = 0;
    FdWatch watch_;    // after inotify_: must be gone before the descriptor is
    LoopTimer again_;  // started while something is unchecked
};

}  // namespace yard::engine
