#include "ctl/host_probe.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <fstream>
#include <sstream>

#include "base/unique_fd.h"

namespace yard::ctl {
namespace {

constexpr unsigned long kPidfdGetInfo = 0xC040FF0B;  // linux/pidfd.h since 6.13: _IOWR(0xFF, 11, 64 bytes)

int errno_of(long result) {
    return result < 0 ? errno : 0;
}

// `expected` is what a kernel that knows the call says to nonsense.
int errno_unless(long result, int expected) {
    const int code = errno_of(result);
    return code == expected ? 0 : code;
}

int try_clone_into_cgroup() {
    clone_args nonsense{};
    nonsense.flags = CLONE_INTO_CGROUP;
    nonsense.exit_signal = SIGCHLD;
    nonsense.cgroup = INT_MAX;  // no such descriptor: nothing is born
    return errno_unless(syscall(SYS_clone3, &nonsense, sizeof nonsense), EBADF);
}

void try_pidfd(HostFacts& facts) {
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    facts.pidfd = pidfd ? 0 : errno;
    facts.pidfd_info = facts.pidfd;
    if (!pidfd) return;
    siginfo_t info;
    const int waited = waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
    facts.pidfd = errno_unless(waited, ECHILD);  // we are no child of our own
    uint64_t answer[8]{};
    facts.pidfd_info = errno_of(ioctl(pidfd.get(), kPidfdGetInfo, answer));
}

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// Where cgroup v2 is mounted as a whole, as on a host and in most containers.
std::string own_cgroup_directory() {
    std::ifstream mounts("/proc/self/mounts"), groups("/proc/self/cgroup");
    std::string mount_point, own;
    for (std::string line; mount_point.empty() && std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device, point, type;
        words >> device >> point >> type;
        if (type == "cgroup2") mount_point = point;
    }
    for (std::string line; std::getline(groups, line);) {
        if (line.starts_with("0::")) own = line.substr(3);
    }
    return mount_point.empty() || own.empty() ? "" : mount_point + (own == "/" ? "" : own);
}

}  // namespace

HostFacts probe_host() {
    HostFacts facts;
    utsname name{};
    uname(&name);
    facts.kernel = name.release;
    facts.close_range = errno_of(syscall(SYS_close_range, ~0u, ~0u, 0));  // of none
    const UniqueFd memory(memfd_create("probe", MFD_CLOEXEC));
    facts.memfd = memory ? 0 : errno;
    facts.clone3 = errno_unless(syscall(SYS_clone3, nullptr, 0), EINVAL);
    facts.clone_into_cgroup = try_clone_into_cgroup();
    try_pidfd(facts);
    const UniqueFd inotify(inotify_init1(IN_CLOEXEC));
    facts.inotify = inotify ? 0 : errno;
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    facts.open_files = files.rlim_max;
    facts.clock_source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts.cgroup_directory = own_cgroup_directory();
    facts.cgroup_writable = !facts.cgroup_directory.empty() &&
                            access((facts.cgroup_directory + "/cgroup.procs").c_str(), W_OK) == 0;
    facts.systemd = access("/run/systemd/system", F_OK) == 0;
    return facts;
}

std::optional<Space> space_of(const std::string& folder) {
    struct statvfs system {};
    if (statvfs(folder.c_str(), &system) != 0) return std::nullopt;
    Space space;
    space.free_bytes = uint64_t{system.f_bavail} * system.f_frsize;
    space.free_inodes = system.f_favail;
    space.counts_inodes = system.f_files != 0;
    if (system.f_blocks != 0) space.percent_free = static_cast<int>(100 * system.f_bavail / system.f_blocks);
    return space;
}

}  // namespace yard::ctl
