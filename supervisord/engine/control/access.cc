#include "engine/control/access.h"

#include <sys/socket.h>

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

Credentials Credentials::of_peer(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
    return {peer.pid, peer.uid, peer.gid};
}

std::string Credentials::text() const {
    return "uid " + std::to_string(uid) + " (pid " + std::to_string(pid) + ")";
}

AccessPolicy owner_access(uid_t owner) {
    return [owner](const Credentials& caller) {
        return caller.uid == 0 || caller.uid == owner ? Role::admin : Role::anyone;
    };
}

}  // namespace yard::engine::control
