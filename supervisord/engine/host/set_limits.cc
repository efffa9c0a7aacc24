#include "engine/host/set_limits.h"

#include <sys/resource.h>

#include <cerrno>

namespace yard::engine {

int set_limit_of_process(int pid, const conf::Rlimit& limit) {
    const rlimit wanted{limit.soft, limit.hard};
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    return prlimit(pid, resource, &wanted, nullptr) == 0 ? 0 : errno;
}

Status set_limits(int pid, const std::vector<conf::Rlimit>& limits, const SetLimit& set_limit) {
    Status done = Ok();
    for (const conf::Rlimit& limit : limits) {
        const int error = set_limit(pid, limit);
        if (error == 0 || error == ESRCH || !done) continue;
        Error failure = system_error("set a limit of", "process " + std::to_string(pid), error);
        if (error == EPERM) failure.message += " (raising a hard limit needs root or CAP_SYS_RESOURCE)";
        done = fail(std::move(failure));
    }
    return done;
}

}  // namespace yard::engine
