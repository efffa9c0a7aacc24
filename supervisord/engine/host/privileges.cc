#include "engine/host/privileges.h"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "conf/limit_kinds.h"
#include "engine/host/file_text.h"
#include "engine/host/proc_stat.h"

namespace yard::engine {
namespace {

uint64_t read_number(const char* path, uint64_t fallback) {
    const Result<std::string> text = read_file_text(path);
    if (text) std::from_chars(text->data(), text->data() + text->size(), fallback);
    return fallback;
}

int read_oom_score_adj() {
    int value = 0;
    const Result<std::string> text = read_file_text("/proc/self/oom_score_adj");
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

std::string limit_text(uint64_t value) {
    return value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
}

Status check_identity(const conf::ServiceConfig& service, const Identity& identity, const Privileges& own) {
    const std::string runs_as = ": the daemon runs as uid " + std::to_string(own.uid);
    if (identity.uid && *identity.uid != own.uid) {
        const std::string user = "user: '" + service.user + "' (uid " + std::to_string(*identity.uid) + ") ";
        if (!own.set_uid) return fail(user + "needs root or CAP_SETUID" + runs_as);
        if (!own.signal_any) return fail(user + "needs CAP_KILL: the daemon could not stop the service");
    }
    if (own.set_gid) return Ok();
    if (identity.gid && *identity.gid != own.gid) {
        return fail("group: gid " + std::to_string(*identity.gid) + " needs root or CAP_SETGID" + runs_as);
    }
    if (identity.groups) return fail("supplementary_groups: setting them needs root or CAP_SETGID" + runs_as);
    return Ok();
}

Status check_scheduling(const conf::ServiceConfig& service, const Privileges& own) {
    using Policy = conf::Scheduling::Policy;
    if (own.any_nice) return Ok();
    const bool is_nice_too_low = service.nice && *service.nice < std::min(own.nice, own.lowest_nice);
    if (is_nice_too_low) {
        return fail("nice: " + std::to_string(*service.nice) +
                    " needs root or CAP_SYS_NICE: the daemon may go down to " +
                    std::to_string(std::min(own.nice, own.lowest_nice)));
    }
    const Policy policy = service.scheduling.policy;
    const bool is_realtime = policy == Policy::fifo || policy == Policy::round_robin;
    if (is_realtime && static_cast<uint64_t>(service.scheduling.priority) > own.realtime_priority) {
        return fail("scheduling: realtime priority " + std::to_string(service.scheduling.priority) +
                    " needs root, CAP_SYS_NICE or RLIMIT_RTPRIO, which is " +
                    limit_text(own.realtime_priority));
    }
    return Ok();
}

Status check_limit(const conf::Rlimit& limit, const Privileges& own) {
    const std::string asked = "limits." + conf::limit_kind(limit.resource).name + ": a hard limit of " +
                              limit_text(limit.hard) + " ";
    if (limit.resource == RLIMIT_NOFILE && limit.hard > own.max_nofile) {
        return fail(asked + "is above fs.nr_open, " + std::to_string(own.max_nofile));
    }
    const uint64_t hard = own.hard_limits[static_cast<size_t>(limit.resource)];
    if (limit.hard > hard && !own.raise_limits) {
        return fail(asked + "needs root or CAP_SYS_RESOURCE: the daemon's own is " + limit_text(hard));
    }
    return Ok();
}

Status check_resources(const conf::ServiceConfig& service, const Privileges& own) {
    if (service.ionice.io_class == conf::IoPriority::Class::realtime && !own.io_realtime) {
        return fail("ionice: the realtime class needs root or CAP_SYS_NICE");
    }
    // The kernel's own floor cannot be read; it is at or below what the daemon has.
    if (service.oom_score_adj && *service.oom_score_adj < own.oom_score_adj && !own.raise_limits) {
        return fail("oom_score_adj: " + std::to_string(*service.oom_score_adj) +
                    " needs root or CAP_SYS_RESOURCE: the daemon's own is " +
                    std::to_string(own.oom_score_adj));
    }
    for (const conf::Rlimit& limit : service.limits) {
        if (Status status = check_limit(limit, own); !status) return status;
    }
    return Ok();
}

}  // namespace

Privileges Privileges::of_this_process() {
    Privileges own;
    own.uid = geteuid();
    own.gid = getegid();
    if (const Result<std::string> status = read_file_text("/proc/self/status"))
        set_capabilities(own, *status);
    own.nice = getpriority(PRIO_PROCESS, 0);
    own.oom_score_adj = read_oom_score_adj();
    own.max_nofile = read_number("/proc/sys/fs/nr_open", RLIM_INFINITY);
    rlimit limit{};
    for (size_t resource = 0; resource < own.hard_limits.size(); ++resource) {
        getrlimit(static_cast<__rlimit_resource>(resource), &limit);
        own.hard_limits[resource] = limit.rlim_max;
    }
    getrlimit(RLIMIT_NICE, &limit);
    own.lowest_nice = 20 - static_cast<int>(std::min<uint64_t>(limit.rlim_cur, 40));
    getrlimit(RLIMIT_RTPRIO, &limit);
    own.realtime_priority = limit.rlim_cur;
    return own;
}

void set_capabilities(Privileges& privileges, std::string_view status) {
    const std::string_view hex = status_value(status, "CapEff");
    uint64_t bits = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
    const auto has = [bits](int capability) { return (bits >> capability & 1) != 0; };
    privileges.set_uid = has(CAP_SETUID);
    privileges.set_gid = has(CAP_SETGID);
    privileges.signal_any = has(CAP_KILL);
    privileges.any_nice = has(CAP_SYS_NICE);
    privileges.raise_limits = has(CAP_SYS_RESOURCE);
    privileges.io_realtime = has(CAP_SYS_NICE) || has(CAP_SYS_ADMIN);
}

Status check_privileges(const conf::ServiceConfig& service, const Identity& identity,
                        const Privileges& privileges) {
    if (Status status = check_identity(service, identity, privileges); !status) return status;
    if (Status status = check_scheduling(service, privileges); !status) return status;
    return check_resources(service, privileges);
}

}  // namespace yard::engine
