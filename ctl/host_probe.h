// What this host offers to a daemon, found by trying it: nothing is started or changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace yard::ctl {

struct HostFacts {
    std::string kernel;  // release, "6.1.0-18-amd64"
    // 0: it works; else the errno of trying, ENOSYS where the kernel does not know it.
    int close_range = 0;
    int memfd = 0;
    int clone3 = 0;
    int clone_into_cgroup = 0;
    int pidfd = 0;       // pidfd_open, and waitid(2) on it
    int pidfd_info = 0;  // the ioctl PIDFD_GET_INFO
    int inotify = 0;
    uint64_t open_files = 0;       // hard limit of this process
    std::string clock_source;      // empty: unknown
    std::string cgroup_directory;  // of this process in cgroup v2; empty: none is mounted
    bool cgroup_writable = false;
    bool systemd = false;
};
HostFacts probe_host();

// The file system of a folder: what an ordinary user may still write. Nothing: it cannot be looked at, errno says why.
struct Space {
    uint64_t free_bytes = 0;
    uint64_t free_inodes = 0;
    bool counts_inodes = false;
    int percent_free = 0;
};
std::optional<Space> space_of(const std::string& folder);

}  // namespace yard::ctl
