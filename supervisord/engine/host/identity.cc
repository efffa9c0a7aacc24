#include "engine/host/identity.h"

#include <utility>

namespace yard::engine {
namespace {

struct FoundUser {
    uid_t uid;
    std::optional<User> entry;
};

Result<FoundUser> find_user(const std::string& text, const UserDatabase& users) {
    Result<std::optional<User>> by_name = users.user_by_name(text);
    if (!by_name) return fail(std::move(by_name).error());
    if (*by_name) return FoundUser{(*by_name)->uid, std::move(*by_name)};
    const std::optional<uint32_t> uid = parse_id(text);
    if (!uid) return fail("user: '" + text + "' does not exist on this host");
    Result<std::optional<User>> by_id = users.user_by_id(*uid);
    if (!by_id) return fail(std::move(by_id).error());
    return FoundUser{*uid, std::move(*by_id)};
}

Result<gid_t> find_group(const char* key, const std::string& text, const UserDatabase& users) {
    Result<gid_t> gid = find_gid(text, users);
    if (!gid) return fail(std::move(gid).error().context(key));
    return gid;
}

std::map<std::string, std::string> login_environment(const User& user) {
    return {{"HOME", user.home.empty() ? "/" : user.home},
            {"USER", user.name},
            {"LOGNAME", user.name},
            {"SHELL", user.shell.empty() ? "/bin/sh" : user.shell}};
}

// Sets the user, and the group and environment that come with it.
Status resolve_user(const std::string& text, bool is_group_given, const UserDatabase& users,
                    Identity& identity) {
    Result<FoundUser> user = find_user(text, users);
    if (!user) return fail(std::move(user).error());
    if (!user->entry && !is_group_given) {
        return fail("user: " + text + " has no entry in the user database, so `group` must be given too");
    }
    identity.uid = user->uid;
    if (!user->entry) return Ok();
    identity.gid = user->entry->gid;
    identity.env = login_environment(*user->entry);
    return Ok();
}

// The groups that come with the user when the configuration does not list any.
std::vector<gid_t> groups_of_user(const Identity& identity, const UserDatabase& users) {
    const auto name = identity.env.find("USER");
    if (name == identity.env.end()) return {*identity.gid};
    return users.groups_of(name->second, *identity.gid);
}

}  // namespace

Result<Identity> resolve_identity(const conf::ServiceConfig& service, const UserDatabase& users,
                                  const Caller& caller) {
    Identity identity;
    if (!service.user.empty()) {
        Status status = resolve_user(service.user, !service.group.empty(), users, identity);
        if (!status) return fail(std::move(status).error());
    }
    if (!service.group.empty()) {
        Result<gid_t> gid = find_group("group", service.group, users);
        if (!gid) return fail(std::move(gid).error());
        identity.gid = *gid;
    }
    if (service.supplementary_groups) {
        identity.groups.emplace();
        for (const std::string& group : *service.supplementary_groups) {
            Result<gid_t> gid = find_group("supplementary_groups", group, users);
            if (!gid) return fail(std::move(gid).error());
            identity.groups->push_back(*gid);
        }
        return identity;
    }
    const bool is_caller = identity.uid == caller.uid && identity.gid == caller.gid;
    if (identity.uid && (caller.may_set_groups || !is_caller))
        identity.groups = groups_of_user(identity, users);
    return identity;
}

}  // namespace yard::engine
