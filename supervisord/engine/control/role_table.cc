#include "engine/control/role_table.h"

#include <algorithm>

namespace yard::engine::control {

RoleTable::RoleTable(const conf::Access& access, uid_t owner, const UserDatabase& users)
    : owner_(owner), users_(users) {
    add(Role::admin, access.admin, users);
    add(Role::operate, access.operate, users);
    add(Role::observe, access.observe, users);
}

void RoleTable::add(Role role, const conf::Access::Members& members, const UserDatabase& users) {
    Grant grant{role, {}, {}};
    const std::string where = std::string("access: ") + to_string(role) + ": ";
    for (const std::string& name : members.users) {
        const Result<uid_t> uid = find_uid(name, users);
        uid ? grant.users.push_back(*uid) : problems_.push_back(where + uid.error().message);
    }
    for (const std::string& name : members.groups) {
        const Result<gid_t> gid = find_gid(name, users);
        gid ? grant.groups.push_back(*gid) : problems_.push_back(where + gid.error().message);
    }
    grants_.push_back(std::move(grant));
}

Role RoleTable::role_of(const Credentials& caller) const {
    if (caller.uid == 0 || caller.uid == owner_) return Role::admin;
    const auto is_member = [&](gid_t gid) {
        return gid == caller.gid || std::ranges::find(caller.groups, gid) != caller.groups.end();
    };
    for (const Grant& grant : grants_) {
        const bool named = std::ranges::find(grant.users, caller.uid) != grant.users.end();
        if (named || std::ranges::any_of(grant.groups, is_member)) return grant.role;
    }
    return Role::anyone;
}

Role RoleTable::admit(Credentials& caller) {
    const Role role = role_of(caller);
    if (role < Role::operate) return role;
    if (!names_.contains(caller.uid)) {
        const Result<std::optional<User>> user = users_.user_by_id(caller.uid);
        if (!user) return role;  // not to be had just now
        names_[caller.uid] = *user ? (*user)->name : "";
    }
    caller.user = names_[caller.uid];
    return role;
}

}  // namespace yard::engine::control
