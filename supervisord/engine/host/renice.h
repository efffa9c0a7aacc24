// Changing the nice value of running processes. Linux keeps it per thread: setpriority(2), under BUGS.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"

namespace yard::engine {

// The seam to the kernel. Threads: SystemPriorities may be used from any thread.
class Priorities {
  public:
    virtual ~Priorities() = default;
    // The thread ids of a process; empty when it is gone.
    virtual std::vector<int> threads(int pid) const = 0;
    // 0 or an errno.
    virtual int get_nice(int tid, int* nice) const = 0;
    virtual int set_nice(int tid, int nice) = 0;
};

class SystemPriorities : public Priorities {
  public:
    std::vector<int> threads(int pid) const override;
    int get_nice(int tid, int* nice) const override;
    int set_nice(int tid, int nice) override;
};

// Sets the nice value of every thread of every process that `list_pids` gives. It is asked again until all
// have the value, so that what was forked meanwhile by a process not yet changed is found too. What vanishes
// is passed over; all others are tried even after a failure, and the first failure is returned.
Status renice(const std::function<std::vector<int>()>& list_pids, int nice, Priorities& priorities);

}  // namespace yard::engine
