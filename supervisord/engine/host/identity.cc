#include "engine/host/identity.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace yard::engine {
namespace {

// 2^32 - 1 means "no change" to setresuid(2) and its like: it is nobody's id.
std::optional<uint32_t> parse_id(const std::string& text) {
    uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id == UINT32_MAX) return std::nullopt;
    return id;
}

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
    Result<std::optional<gid_t>> by_name = users.group_by_name(text);
    if (!by_name) return fail(std::move(by_name).error());
    if (*by_name) return **by_name;
    if (const std::optional<uint32_t> gid = parse_id(text)) return static_cast<gid_t>(*gid);
    return fail(std::string(key) + ": group '" + text + "' does not exist on this host");
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
