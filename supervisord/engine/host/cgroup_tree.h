// The operations on one cgroup v2 directory and everything below it. No call waits for a process.
// Threads: any; the functions share nothing.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace yard::engine {

// SIGKILL to every process of the cgroup, also to those that fork meanwhile (cgroup.kill, Linux 5.14).
// Killing a cgroup that is gone succeeds.
Status kill_cgroup(const std::string& directory);

// Does a process live in it or below it (cgroup.events)? Zombies do not count; a cgroup that is gone has
// none.
Result<bool> cgroup_populated(const std::string& directory);

// The processes in it and below it, ascending. Empty when it is gone.
std::vector<int> cgroup_pids(const std::string& directory);

enum class Removal {
    gone,  // removed, or was not there
    busy,  // a process still lives in it, or a cgroup was made in it meanwhile
};
// Removes the cgroup with all cgroups below it.
Result<Removal> remove_cgroup(const std::string& directory);

}  // namespace yard::engine
