// Where cgroups are, worked out from text alone: the kernel's tables in, paths out. See cgroups(7) and
// proc(5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yard::engine {

// One mount of the cgroup v2 hierarchy.
struct CgroupMount {
    std::string mount_point;
    std::string root;  // the cgroup that shows at the mount point; "/" outside of containers

    bool operator==(const CgroupMount&) const = default;
};

// The cgroup v2 mounts among the lines of /proc/<pid>/mountinfo, in its order.
std::vector<CgroupMount> parse_cgroup2_mounts(std::string_view mountinfo);

// The v2 cgroup among the lines of /proc/<pid>/cgroup ("0::/a/b"), or nothing on a host without v2.
std::optional<std::string> parse_own_cgroup(std::string_view proc_cgroup);

// The directory of `cgroup`, or nothing when this mount does not show it.
std::optional<std::string> directory_in(const CgroupMount& mount, std::string_view cgroup);

// The directory name for a service. Distinct services get distinct names, and none gets the name of one of
// the kernel's own files (cgroup.procs, memory.max): those all have a dot, so what has a dot gets a leading
// '_'.
std::string cgroup_name(std::string_view service);

// Is `cgroup` the same as `ancestor` or below it?
bool is_within(std::string_view cgroup, std::string_view ancestor);

}  // namespace yard::engine
