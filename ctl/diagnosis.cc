#include "ctl/diagnosis.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace yard::ctl {
namespace {

using varlink::Json;
using Level = Finding::Level;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kLittleSpace = 100 * kMiB;
// Read without a system call, by the vDSO.
constexpr std::string_view kQuickClocks[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page",
                                             "arch_sys_counter", "riscv_clocksource"};

std::string why(int code, const char* since) {
    return code == ENOSYS || code == EINVAL || code == E2BIG || code == ENOTTY
               ? "the kernel does not have it"
               : std::string("refused: ") + strerror(code) + " (it came with Linux " + since + ")";
}

std::string remedy(int code, const char* call, const char* since) {
    if (code == EPERM || code == EACCES)
        return std::string("allow ") + call + " in the seccomp profile of the container or unit";
    return std::string("Linux ") + since + " or newer, or a seccomp profile that lets " + call + " through";
}

Finding call(const char* name, int code, const char* since, Level without, const char* costs) {
    if (code == 0) return {name, Level::good, "works"};
    return {name, without, why(code, since), costs, remedy(code, name, since)};
}

Finding cgroups(const HostFacts& host, const Json& daemon) {
    const bool known = daemon.is_object();
    const bool used = known ? daemon["cgroups"].as_bool() : host.cgroup_writable;
    std::string says = daemon["cgroup_reason"].as_string();
    if (!known && host.cgroup_directory.empty()) says = "no cgroup v2 is mounted";
    if (!known && !host.cgroup_directory.empty()) {
        says = host.cgroup_directory + (used ? " can be written to" : " cannot be written to");
    }
    if (used) return {"cgroups", Level::good, says};
    return {
        "cgroups", Level::weaker, says,
        "each service has a small parent process of its own, a shim, that holds its processes together",
        "run the daemon as root, or with a cgroup of its own (Delegate=yes in a systemd unit; in a container "
        "a /sys/fs/cgroup that can be written to), on Linux 5.14 or newer"};
}

Finding descriptors(const HostFacts& host, const Json& daemon) {
    if (!daemon.is_object()) {
        return {"open files", Level::good,
                "a daemon started here may have " + std::to_string(host.open_files)};
    }
    const int64_t limit = daemon["service_limit"].as_int(), services = daemon["services"].as_int();
    const std::string says = std::to_string(daemon["open_files"].as_int()) + ", enough for " +
                             std::to_string(limit) + " services; there are " + std::to_string(services);
    if (services < limit - limit / 10) return {"open files", Level::good, says};
    return {"open files", Level::weaker, says,
            "no room for more services, and little for commands that look for readiness",
            "raise the hard limit (ulimit -Hn; LimitNOFILE= in a systemd unit), 3 for each service"};
}

Finding memory_lock(const Json& daemon) {
    if (daemon["memory_locked"].as_bool())
        return {"memory lock", Level::good, "the keeper cannot be paged out"};
    return {
        "memory lock", Level::weaker, "the keeper may be paged out",
        "when memory is short, a death may be noticed late",
        "give the daemon CAP_IPC_LOCK, or raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity in a systemd unit)"};
}

Finding oom(const Json& daemon) {
    const int64_t adjustment = daemon["oom_score_adj"].as_int();
    const std::string says = "the keeper's oom_score_adj is " + std::to_string(adjustment);
    if (adjustment == -1000) return {"out of memory", Level::good, says + ": the kernel spares it"};
    return {"out of memory", Level::weaker, says,
            "the kernel may kill the keeper when memory runs out; services then live on without a parent",
            "run the daemon as root or with CAP_SYS_RESOURCE, or OOMScoreAdjust=-1000 in its systemd unit"};
}

Finding orphans(const Json& daemon) {
    if (daemon["pid_one"].as_bool()) return {"orphans", Level::good, "come to the keeper: it is PID 1"};
    return {"orphans", Level::good, "come to the keeper: it is a subreaper"};
}

Finding log_space(const LogSpace& logs) {
    if (!logs.space) {
        return {"log folder", Level::good, logs.folder + " cannot be looked at from here: " + logs.problem};
    }
    const std::string says = logs.folder + " has " + std::to_string(logs.space->free_bytes / kMiB) +
                             " MiB free (" + std::to_string(logs.space->percent_free) + "%)";
    const std::string todo =
        "free some space, or keep less (log: {max_size, keep, compress}), or let it go (log: {policy: "
        "drop_oldest})";
    const bool no_inodes = logs.space->counts_inodes && logs.space->free_inodes == 0;
    if (logs.space->free_bytes == 0 || no_inodes) {
        return {"log folder", Level::broken, no_inodes ? logs.folder + " has no inode left" : says,
                "services wait as soon as they write", todo};
    }
    if (logs.space->free_bytes >= kLittleSpace) return {"log folder", Level::good, says};
    return {"log folder", Level::weaker, says, "services wait for space once it is full", todo};
}

Finding pidfd(const HostFacts& host) {
    Finding finding = call("pidfd_open", host.pidfd, "5.4", Level::weaker,
                           "what a service announces with MAINPID= is not followed");
    if (finding.level == Level::good && host.pidfd_info != 0)
        finding.says += ", without PIDFD_GET_INFO (Linux 6.13), which nothing here needs";
    return finding;
}

Finding clock_source(const HostFacts& host) {
    const std::string& name = host.clock_source;
    if (name.empty()) return {"clock", Level::good, "its source is not known"};
    if (std::ranges::find(kQuickClocks, name) != std::end(kQuickClocks))
        return {"clock", Level::good, name + ", read without a system call"};
    return {"clock", Level::weaker, name,
            "each look at the clock is a system call: log lines with times cost more",
            "see whether the kernel offers tsc or kvm-clock (available_clocksource beside it in /sys)"};
}

Finding systemd(const HostFacts& host) {
    return {"systemd", Level::good,
            host.systemd ? "runs here: \"systemctl enable --now yardmaster\" starts the daemon at boot"
                         : "does not run here: something else has to start the daemon at boot"};
}

}  // namespace

const char* to_string(Finding::Level level) {
    constexpr const char* kWords[] = {"good", "weaker", "broken"};
    return kWords[static_cast<size_t>(level)];
}

std::vector<Finding> diagnose(const HostFacts& host, const Json& daemon, const LogSpace& logs) {
    std::vector<Finding> findings;
    findings.push_back({"kernel", Level::good, "Linux " + host.kernel});
    findings.push_back(
        call("close_range", host.close_range, "5.9", Level::broken, "no service can be started"));
    findings.push_back(call("memfd_create", host.memfd, "3.17", Level::broken, "the daemon cannot start"));
    findings.push_back(call("clone3", host.clone3, "5.3", Level::weaker, "starts take a step more"));
    findings.push_back(call("CLONE_INTO_CGROUP", host.clone_into_cgroup, "5.7", Level::weaker,
                            "a service joins its cgroup by itself, a moment after its birth"));
    findings.push_back(pidfd(host));
    findings.push_back(call("inotify_init1", host.inotify, "2.6.27", Level::weaker,
                            "no readiness by file, and shims instead of cgroups"));
    findings.push_back(cgroups(host, daemon));
    findings.push_back(descriptors(host, daemon));
    if (daemon.is_object()) {
        for (const auto& look : {memory_lock, oom, orphans}) findings.push_back(look(daemon));
        findings.push_back(log_space(logs));
    }
    findings.push_back(clock_source(host));
    findings.push_back(systemd(host));
    return findings;
}

}  // namespace yard::ctl
