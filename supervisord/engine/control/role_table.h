// What `access:` of the configuration gives to whom.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conf/config.h"
#include "engine/control/access.h"
#include "engine/host/users.h"

namespace yard::engine::control {

class RoleTable {
  public:
    // Looks the names up, which may block. Root and `owner` may do everything. `users` must outlive the table.
    RoleTable(const conf::Access& access, uid_t owner, const UserDatabase& users);

    // The highest role that its uid or one of its groups has.
    Role role_of(const Credentials& caller) const;
    // The same; and who may change something gets its name filled in, which may block once a user.
    Role admit(Credentials& caller);

    // Names that nobody has, each in a sentence: they give nobody anything.
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    struct Grant {
        Role role;
        std::vector<uid_t> users;
        std::vector<gid_t> groups;
    };
    void add(Role role, const conf::Access::Members& members, const UserDatabase& users);

    const uid_t owner_;
    const UserDatabase& users_;
    std::map<uid_t, std::string> names_;  // of those who were admitted
    std::vector<Grant> grants_;           // the highest role first
    std::vector<std::string> problems_;
};

}  // namespace yard::engine::control
