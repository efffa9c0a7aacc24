// Changing the resource limits of a running process: prlimit(2).
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "conf/config.h"

namespace yard::engine {

// The seam to the kernel: sets a limit of a process; 0 or an errno.
using SetLimit = std::function<int(int pid, const conf::Rlimit& limit)>;
int set_limit_of_process(int pid, const conf::Rlimit& limit);

// All are tried, and the first failure is returned. A process that has ended is none.
Status set_limits(int pid, const std::vector<conf::Rlimit>& limits,
                  const SetLimit& set_limit = set_limit_of_process);

}  // namespace yard::engine
