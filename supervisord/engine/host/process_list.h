// The processes of services as `ctl ps` and `ctl tree` show them: type Process of org.yardmaster.varlink.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/host/proc.h"

namespace yard::engine {

// A service, and where its processes are found: in a cgroup and below those that are in it, or else below a
// process.
struct ServiceProcesses {
    std::string service;
    std::string cgroup_directory;  // empty: none
    int main_pid = 0;              // 0: none
    int shim_pid = 0;              // 0: none; a shim is ours, so its descendants are shown and it is not
};

struct ProcessRow {
    std::string service;
    int pid = 0;
    int ppid = 0;
    std::string state;  // as the STAT column of ps
    int nice = 0;
    int threads = 0;
    double cpu_percent = 0;  // of one CPU, since the process began
    uint64_t rss_kib = 0;
    std::optional<int> fds;
    std::string command;  // printable; "[name]" where there is no command line, as ps does
};

// Rows in the order of `services`, ascending by pid within one. Processes that vanish meanwhile are left out.
// `cgroup_pids` is the seam to the function of that name in cgroup_tree.h. All processes of the system are
// read once, however many services there are. A process costs some 50 us.
// Threads: any, if `proc` and `cgroup_pids` may.
std::vector<ProcessRow> list_processes(const std::vector<ServiceProcesses>& services, const ProcFs& proc,
                                       const std::function<std::vector<int>(const std::string&)>& cgroup_pids,
                                       BootTime now);

}  // namespace yard::engine
