// What this daemon may do for its services, and what it therefore has to refuse before any process is made.
// The kernel has the last word when a service is started; what is refused here could not have succeeded.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "conf/config.h"
#include "engine/host/identity.h"

namespace yard::engine {

struct Privileges {
    uid_t uid = 0;  // effective
    gid_t gid = 0;
    bool set_uid = false;            // CAP_SETUID
    bool set_gid = false;            // CAP_SETGID
    bool signal_any = false;         // CAP_KILL
    bool any_nice = false;           // CAP_SYS_NICE
    bool raise_limits = false;       // CAP_SYS_RESOURCE
    bool io_realtime = false;        // CAP_SYS_NICE or CAP_SYS_ADMIN
    int nice = 0;                    // what services inherit
    int lowest_nice = 20;            // RLIMIT_NICE as a nice value: how far down without CAP_SYS_NICE
    uint64_t realtime_priority = 0;  // RLIMIT_RTPRIO: how far up without CAP_SYS_NICE
    int oom_score_adj = 0;           // what services inherit
    std::array<uint64_t, RLIM_NLIMITS> hard_limits{};
    uint64_t max_nofile = 0;  // fs.nr_open: RLIMIT_NOFILE goes no higher, whoever asks

    // The calling process's. The caller corrects what services do not inherit from it.
    static Privileges of_this_process();
};

// Takes over the capabilities of a /proc/<pid>/status.
void set_capabilities(Privileges& privileges, std::string_view status);

// The first thing that the service asks for and this daemon may not do, in one sentence that names the key.
Status check_privileges(const conf::ServiceConfig& service, const Identity& identity,
                        const Privileges& privileges);

}  // namespace yard::engine
