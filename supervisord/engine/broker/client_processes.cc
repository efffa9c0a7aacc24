#include "engine/broker/client_processes.h"

#include <dirent.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
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

constexpr std::string_view kMemfd = "/memfd:";
// Of descriptors, and of mappings: nobody shall keep the daemon reading for long.
constexpr int kMostLookedAt = 4096;

// False: there is more than can be seen.
bool add_open(const std::string& folder, std::set<ino_t>* inodes) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
    if (!entries) return false;
    int count = 0;
    while (const dirent* entry = readdir(entries.get())) {
        if (++count > kMostLookedAt) return false;
        char target[kMemfd.size()];
        struct stat info {};
        const ssize_t size = readlinkat(dirfd(entries.get()), entry->d_name, target, sizeof target);
        if (size == sizeof target && std::string_view(target, sizeof target) == kMemfd &&
            fstatat(dirfd(entries.get()), entry->d_name, &info, 0) == 0)
            inodes->insert(info.st_ino);
    }
    return true;
}

// Lines such as "7f..-7f.. rw-s 00000000 00:01 12345   /memfd:jobs (deleted)". A process without any is not ours to see.
bool add_mapped(const std::string& file, std::set<ino_t>* inodes) {
    std::ifstream lines(file);
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
        if (++count > kMostLookedAt) return false;
        unsigned long inode = 0;
        if (line.find(kMemfd) != std::string::npos &&
            std::sscanf(line.c_str(), "%*s %*s %*s %*s %lu", &inode) == 1)
            inodes->insert(inode);
    }
    return count > 0;
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

Status SystemClientProcesses::watch(ProcessId process, UniqueFd pidfd) {
    if (watched_.contains(process)) return Ok();
    if (!pidfd) {
        pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
        if (!pidfd) return fail(system_error("watch", "process " + std::to_string(process.pid)));
        const std::optional<ProcessId> present = find(process.pid);
        if (present ? *present != process : is_dead(pidfd)) return fail("the process is gone", ESRCH);
        if (!present) return fail("process " + std::to_string(process.pid) + " cannot be looked at", EIO);
    }
    auto made =
        FdWatch::create(loop_, pidfd.get(), FdWatch::reading, [this, process](unsigned) { died(process); });
    if (!made) return fail(std::move(made).error());
    watched_.emplace(process, Watched{std::move(pidfd), std::move(*made)});
    return Ok();
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

// Descriptors first: what is mapped and closed meanwhile is found among the mappings.
std::optional<std::set<ino_t>> SystemClientProcesses::memory_of(ProcessId process) {
    std::set<ino_t> inodes;
    const std::string folder = "/proc/" + std::to_string(process.pid);
    const bool is_all = add_open(folder + "/fd", &inodes) && add_mapped(folder + "/maps", &inodes);
    // The number may be another's by now.
    if (!is_all || find(process.pid) != process) return std::nullopt;
    return inodes;
}

}  // namespace yard::engine
