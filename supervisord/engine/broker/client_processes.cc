#include "engine/broker/client_processes.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace yard::engine {
namespace {

bool is_dead(const UniqueFd& pidfd) {
    pollfd ended{pidfd.get(), POLLIN, 0};
    return poll(&ended, 1, 0) != 0;
}

// <linux/pidfd.h>: of kernel 6.13 its numbers; of 6.15 how a process ended, for whoever holds its pidfd, once it is
// reaped.
struct PidfdInfo {
    uint64_t mask;
    uint64_t cgroup_id;
    uint32_t pid;
    uint32_t numbers[10];
    int32_t exit_code;
};
constexpr uint64_t kPidfdInfoPid = 1 << 0, kPidfdInfoExit = 1 << 3;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

// The process that a pidfd names; 0: one that is not in our PID namespace; -1: one that is reaped.
pid_t number_of(const SystemProcFs& proc, const UniqueFd& pidfd) {
    PidfdInfo numbers{};
    numbers.mask = kPidfdInfoPid;
    if (ioctl(pidfd.get(), kPidfdGetInfo, &numbers) == 0 && (numbers.mask & kPidfdInfoPid) != 0)
        return static_cast<pid_t>(numbers.pid);
    // Earlier kernels: the Pid: line (5.4).
    const std::string file = "fdinfo/" + std::to_string(pidfd.get());
    const std::optional<std::string> info = proc.read(getpid(), file.c_str());
    const std::string_view text = info ? status_value(*info, "Pid") : "";
    pid_t pid = -1;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    return pid;
}

std::optional<int32_t> reaped_status(const UniqueFd& pidfd) {
    PidfdInfo info{};
    info.mask = kPidfdInfoExit;
    if (ioctl(pidfd.get(), kPidfdGetInfo, &info) != 0 || (info.mask & kPidfdInfoExit) == 0) return {};
    return info.exit_code;
}

// The last number of /proc/PID/stat, of a process that nobody has reaped.
std::optional<int32_t> zombie_status(const SystemProcFs& proc, ProcessId process) {
    std::optional<std::string> text = proc.read(process.pid, "stat");
    const std::optional<ProcStat> stat = text ? parse_proc_stat(*text) : std::nullopt;
    if (!stat || stat->started_ticks != process.start_ticks || stat->state != 'Z') return {};
    while (text->ends_with('\n')) text->pop_back();
    const std::string_view last = std::string_view(*text).substr(text->rfind(' ') + 1);
    int32_t status = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), status);
    return error == std::errc() ? std::optional(status) : std::nullopt;
}

}  // namespace

Result<ProcessId> SystemClientProcesses::identify(const UniqueFd& pidfd) {
    const pid_t pid = number_of(proc_, pidfd);
    if (pid == 0) return fail("the caller lives in a PID namespace that the daemon cannot see", ESRCH);
    const std::optional<ProcessId> process = pid > 0 ? find(pid) : std::nullopt;
    // Alive now, so the number was its own while it was looked at.
    if (!process || is_dead(pidfd)) return fail("the caller's process is gone", ESRCH);
    return *process;
}

std::optional<ProcessId> SystemClientProcesses::find(pid_t pid) {
    const std::optional<ProcStat> stat = read_proc_stat(proc_, pid);
    if (!stat) return std::nullopt;
    return ProcessId{pid, stat->started_ticks};
}

bool SystemClientProcesses::watch(ProcessId process, UniqueFd pidfd) {
    if (watched_.contains(process)) return true;
    if (!pidfd) {
        pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
        if (!pidfd || find(process.pid) != process) return false;
    }
    auto made =
        FdWatch::create(loop_, pidfd.get(), FdWatch::reading, [this, process](unsigned) { died(process); });
    if (!made) return false;
    watched_.emplace(process, Watched{std::move(pidfd), std::move(*made)});
    return true;
}

void SystemClientProcesses::forget(ProcessId process) {
    watched_.erase(process);
}

void SystemClientProcesses::died(ProcessId process) {
    const auto found = watched_.find(process);
    const int32_t status = wait_status(process, found->second.pidfd);
    watched_.erase(found);
    on_death(process, status);
}

int32_t SystemClientProcesses::wait_status(ProcessId process, const UniqueFd& pidfd) const {
    if (const auto status = zombie_status(proc_, process)) return *status;
    return reaped_status(pidfd).value_or(ipc::kStatusUnknown);
}

// A line of maps: "7f..-7f.. rw-s 00000000 00:01 12345   /memfd:jobs (deleted)".
std::optional<bool> SystemClientProcesses::maps(ProcessId process, ino_t inode) {
    std::ifstream lines("/proc/" + std::to_string(process.pid) + "/maps");
    const std::string wanted = " " + std::to_string(inode) + " ";
    bool found = false, any = false;
    for (std::string line; std::getline(lines, line); any = true) {
        found |= line.find("/memfd:") != std::string::npos && line.find(wanted) != std::string::npos;
    }
    // The number may be another's by now; a process without any line is one that is not ours to see.
    if (!any || find(process.pid) != process) return std::nullopt;
    return found;
}

}  // namespace yard::engine
