// One datagram from a Unix socket, with who sent it and the descriptors that came along.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace yard::engine {

// Credentials as the kernel vouches for them (unix(7), SCM_CREDENTIALS). A privileged process may name
// another process than itself: systemd-notify run by root names its parent.
struct Sender {
    pid_t pid = 0;  // 0: in a PID namespace that is invisible from here
    uid_t uid = static_cast<uid_t>(-1);
};

struct Datagram {
    std::string text;
    bool cut = false;  // it was longer than `max_bytes`
    Sender sender;
    std::vector<UniqueFd> fds;  // close-on-exec
};

// The next datagram, or nothing when none waits; it stays the next until it is dropped. Never blocks. Descriptors
// beyond what the process may open are closed by the kernel (MSG_CTRUNC); the rest of the datagram is as it was sent.
// REQUIRES: `fd` has SO_PASSCRED.
std::optional<Datagram> peek_datagram(int fd, size_t max_bytes);
void drop_datagram(int fd);

}  // namespace yard::engine
