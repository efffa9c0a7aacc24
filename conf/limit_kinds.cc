#include "conf/limit_kinds.h"

#include <sys/resource.h>

#include <algorithm>

namespace yard::conf {

using Unit = LimitKind::Unit;

const std::vector<LimitKind>& limit_kinds() {
    static const std::vector<LimitKind> kinds{
        {"nofile", RLIMIT_NOFILE, Unit::count, "Open file descriptors."},
        {"nproc", RLIMIT_NPROC, Unit::count, "Processes and threads of the service's user."},
        {"core", RLIMIT_CORE, Unit::bytes, "Size of a core dump."},
        {"fsize", RLIMIT_FSIZE, Unit::bytes, "Size of a file that is written."},
        {"data", RLIMIT_DATA, Unit::bytes, "Data segment, heap included."},
        {"stack", RLIMIT_STACK, Unit::bytes, "Stack of the main thread."},
        {"as", RLIMIT_AS, Unit::bytes, "Address space."},
        {"memlock", RLIMIT_MEMLOCK, Unit::bytes, "Memory locked into RAM."},
        {"rss", RLIMIT_RSS, Unit::bytes, "Resident memory (Linux does not enforce it)."},
        {"sigpending", RLIMIT_SIGPENDING, Unit::count, "Queued signals of the service's user."},
        {"msgqueue", RLIMIT_MSGQUEUE, Unit::bytes, "POSIX message queues of the service's user."},
        {"nice", RLIMIT_NICE, Unit::count,
         "How far it may raise its own priority: 20 minus the lowest nice value."},
        {"rtprio", RLIMIT_RTPRIO, Unit::count, "Highest real-time priority it may take."},
        {"rttime", RLIMIT_RTTIME, Unit::microseconds,
         "CPU time under real-time scheduling without a blocking call."},
        {"cputime", RLIMIT_CPU, Unit::seconds, "CPU time in all; then SIGXCPU."},
        {"locks", RLIMIT_LOCKS, Unit::count, "File locks (Linux does not enforce it)."},
    };
    return kinds;
}

const LimitKind& limit_kind(int resource) {
    const auto is_it = [resource](const LimitKind& kind) { return kind.resource == resource; };
    return *std::find_if(limit_kinds().begin(), limit_kinds().end(), is_it);
}

}  // namespace yard::conf
