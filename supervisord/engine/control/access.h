// Who a caller is and what it may do.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/control/interface.h"

namespace yard::engine::control {

// As the kernel saw it when it connected (SO_PEERCRED and SO_PEERGROUPS, unix(7)).
struct Credentials {
    pid_t pid = 0;  // 0: outside our PID namespace
    uid_t uid = static_cast<uid_t>(-1);
    gid_t gid = static_cast<gid_t>(-1);
    std::vector<gid_t> groups{};  // the supplementary ones
    std::string user{};           // its name, where that was looked up

    // Credentials of the process that connected the other end. Those of nobody when the kernel does not say.
    static Credentials of_peer(int socket);
    std::string text() const;  // "uid 1000 (alice, pid 4711)"
    // As ps shows it now; empty when it is gone.
    std::string process_name() const;
};

// A pidfd of the process that connected the other end of `socket`, opened at `connected` or before (CLOCK_BOOTTIME).
// Fails when there is no such process any more, or none of this PID namespace.
Result<UniqueFd> open_peer(int socket, const Credentials& peer, BootTime connected);

// The highest role of a caller, whose name it may fill in. Role::anyone: it may only ask what the daemon is.
using AccessPolicy = std::function<Role(Credentials&)>;

}  // namespace yard::engine::control
