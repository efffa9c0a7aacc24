// Who a service runs as: `user`, `group` and `supplementary_groups` of its configuration as numbers.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "conf/config.h"
#include "engine/host/users.h"

namespace yard::engine {

// What to set in the child; nothing: it keeps the daemon's.
struct Identity {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<std::vector<gid_t>> groups;
    std::map<std::string, std::string>
        env;  // HOME, USER, LOGNAME, SHELL when `user` is set; the service's env wins
};

// Who asks. One who may not set groups and names itself as `user` keeps the groups it has.
struct Caller {
    uid_t uid = 0;
    gid_t gid = 0;
    bool may_set_groups = false;
};

// Names come before numbers, as in chown(1). Fails in one sentence for a name that does not exist, and for a
// number without an entry whose group nobody gives.
Result<Identity> resolve_identity(const conf::ServiceConfig& service, const UserDatabase& users,
                                  const Caller& caller);

}  // namespace yard::engine
