#include "engine/host/users.h"

#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <utility>

namespace yard::engine {
namespace {

// Databases disagree on how to say "no such entry": getpwnam(3), under ERRORS.
bool means_no_entry(int error) {
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

// Calls one of the get..._r functions with a buffer that is large enough. Gives what `convert` makes of the
// entry.
template <typename Entry, typename Get, typename Convert>
auto look_up(const std::string& what, Get get, Convert convert)
    -> Result<std::optional<decltype(convert(std::declval<const Entry&>()))>> {
    using Found = std::optional<decltype(convert(std::declval<const Entry&>()))>;
    constexpr size_t kMaxBuffer = 16 << 20;
    Entry entry{};
    for (size_t size = 1024;; size *= 4) {
        std::string buffer(size, '\0');
        Entry* found = nullptr;
        const int error = get(&entry, buffer.data(), buffer.size(), &found);
        if (found != nullptr) return Found(convert(*found));
        if (means_no_entry(error)) return Found();
        if (error != ERANGE || size >= kMaxBuffer) return fail(system_error("look up", what, error));
    }
}

User to_user(const passwd& entry) {
    return {entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell};
}

}  // namespace

Result<std::optional<User>> SystemUserDatabase::user_by_name(const std::string& name) const {
    return look_up<passwd>(
        "user " + name,
        [&](passwd* entry, char* buffer, size_t size, passwd** found) {
            return getpwnam_r(name.c_str(), entry, buffer, size, found);
        },
        to_user);
}

Result<std::optional<User>> SystemUserDatabase::user_by_id(uid_t uid) const {
    return look_up<passwd>(
        "user " + std::to_string(uid),
        [&](passwd* entry, char* buffer, size_t size, passwd** found) {
            return getpwuid_r(uid, entry, buffer, size, found);
        },
        to_user);
}

Result<std::optional<gid_t>> SystemUserDatabase::group_by_name(const std::string& name) const {
    return look_up<group>(
        "group " + name,
        [&](group* entry, char* buffer, size_t size, group** found) {
            return getgrnam_r(name.c_str(), entry, buffer, size, found);
        },
        [](const group& entry) { return entry.gr_gid; });
}

std::vector<gid_t> SystemUserDatabase::groups_of(const std::string& user, gid_t primary) const {
    std::vector<gid_t> groups(16);
    for (;;) {
        int count = static_cast<int>(groups.size());
        const bool is_complete = getgrouplist(user.c_str(), primary, groups.data(), &count) >= 0;
        const auto needed = static_cast<size_t>(count);
        // A failure that asks for no more room will not go away.
        if (!is_complete && needed <= groups.size()) return {primary};
        groups.resize(needed);
        if (is_complete) return groups;
    }
}

std::optional<uint32_t> parse_id(const std::string& text) {
    uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id == UINT32_MAX) return std::nullopt;
    return id;
}

Result<uid_t> find_uid(const std::string& text, const UserDatabase& users) {
    Result<std::optional<User>> by_name = users.user_by_name(text);
    if (!by_name) return fail(std::move(by_name).error());
    if (*by_name) return (*by_name)->uid;
    if (const std::optional<uint32_t> uid = parse_id(text)) return static_cast<uid_t>(*uid);
    return fail("user '" + text + "' does not exist on this host");
}

Result<gid_t> find_gid(const std::string& text, const UserDatabase& users) {
    Result<std::optional<gid_t>> by_name = users.group_by_name(text);
    if (!by_name) return fail(std::move(by_name).error());
    if (*by_name) return **by_name;
    if (const std::optional<uint32_t> gid = parse_id(text)) return static_cast<gid_t>(*gid);
    return fail("group '" + text + "' does not exist on this host");
}

}  // namespace yard::engine
