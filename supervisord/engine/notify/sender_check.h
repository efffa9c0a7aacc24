// Whether a datagram on the notify socket of a service was sent by that service.
//
// The path of the socket says which service is meant; this check only keeps others from speaking for it. A
// sender that lives must be in the service's tree. One that is gone already cannot be looked up any more, and
// a shell script's `systemd-notify --no-block` is gone by the time its datagram is read: it counts as the
// service's own when its user does. That lets a short-lived outsider of the same user through, who could as
// well have traced or killed the service.
#pragma once

#include <functional>

#include "engine/notify/datagram.h"

namespace yard::engine {

// Is there such a process, be it a zombie?
bool process_exists(pid_t pid);

// Not while descriptors are short: then nobody seems to belong anywhere.
bool can_look_up();

struct ProcessLookup {
    std::function<bool(pid_t)> belongs;  // is this process one of the service? false for what is gone
    // The parent of its main process: the keeper or a shim. It belongs to nobody, but systemd-notify, when root
    // runs it, names its own parent as the sender.
    std::function<pid_t()> parent = [] { return 0; };
    std::function<bool(pid_t)> exists = process_exists;
    std::function<bool()> can_look = can_look_up;
};

bool sent_by_service(const Sender& sender, uid_t service_uid, const ProcessLookup& processes);

}  // namespace yard::engine
