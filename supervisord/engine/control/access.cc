#include "engine/control/access.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "engine/host/proc.h"

namespace yard::engine::control {

const char* to_string(Role role) {
    switch (role) {
        case Role::anyone:
            return "anyone";
        case Role::observe:
            return "observe";
        case Role::operate:
            return "operate";
        case Role::admin:
            return "admin";
    }
    return "?";
}

namespace {

std::vector<gid_t> groups_of_peer(int socket) {
    std::vector<gid_t> groups(32);
    for (;;) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        const bool got = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
        const size_t count = size / sizeof(gid_t);
        if (!got && (errno != ERANGE || count <= groups.size())) return {};
        groups.resize(count);
        if (got) return groups;
    }
}

}  // namespace

Credentials Credentials::of_peer(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
    return {peer.pid, peer.uid, peer.gid, groups_of_peer(socket), ""};
}

std::string Credentials::text() const {
    const std::string name = user.empty() ? "" : user + ", ";
    return "uid " + std::to_string(uid) + " (" + name + "pid " + std::to_string(pid) + ")";
}

Result<UniqueFd> open_peer(int socket, const Credentials& peer, BootTime connected) {
    constexpr int kSoPeerPidfd = 77;  // SO_PEERPIDFD, kernel 6.5: names the process itself
    int fd = -1;
    socklen_t size = sizeof fd;
    if (getsockopt(socket, SOL_SOCKET, kSoPeerPidfd, &fd, &size) == 0) return UniqueFd(fd);
    if (peer.pid <= 0) return fail("the caller lives in a PID namespace that the daemon cannot see", ESRCH);
    UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
    if (!process) return fail(system_error("look at", "the caller's process"));
    // Its number may have gone to another process since.
    const std::optional<ProcStat> stat = read_proc_stat(SystemProcFs(), peer.pid);
    const auto started = stat ? std::chrono::milliseconds(stat->started_ticks * 1000 /
                                                          static_cast<uint64_t>(sysconf(_SC_CLK_TCK)))
                              : std::chrono::milliseconds::max();
    if (started > connected.time_since_epoch()) return fail("the process that connected is gone", ESRCH);
    return process;
}

std::string Credentials::process_name() const {
    std::string name = SystemProcFs().read(pid, "comm").value_or("");
    if (name.ends_with('\n')) name.pop_back();
    return name;
}

}  // namespace yard::engine::control
