#include "engine/notify/sender_check.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace yard::engine {

bool sent_by_service(const Sender& sender, uid_t service_uid, const ProcessLookup& processes) {
    if (sender.pid > 0) {
        if (sender.pid == processes.parent() || processes.belongs(sender.pid)) return true;
        // Asked second: a member that dies in between must not be taken for a stranger.
        if (processes.exists(sender.pid)) return false;
    }
    return sender.uid == service_uid;
}

bool process_exists(pid_t pid) {
    return kill(pid, 0) == 0 || errno != ESRCH;
}

bool can_look_up() {
    return UniqueFd(open("/proc/self/stat", O_RDONLY | O_CLOEXEC)).valid();
}

}  // namespace yard::engine
