// The user database: /etc/passwd, /etc/group and whatever else nsswitch.conf names.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace yard::engine {

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string home;
    std::string shell;
};

// The seam. No entry is a value (nothing); an error means that the database could not be asked.
class UserDatabase {
  public:
    virtual ~UserDatabase() = default;
    virtual Result<std::optional<User>> user_by_name(const std::string& name) const = 0;
    virtual Result<std::optional<User>> user_by_id(uid_t uid) const = 0;
    virtual Result<std::optional<gid_t>> group_by_name(const std::string& name) const = 0;
    // The groups that a login of the user would have; `primary` is one of them.
    virtual std::vector<gid_t> groups_of(const std::string& user, gid_t primary) const = 0;
};

// May block where the host asks a network for its users: call it while loading a configuration, not on each
// start.
class SystemUserDatabase : public UserDatabase {
  public:
    Result<std::optional<User>> user_by_name(const std::string& name) const override;
    Result<std::optional<User>> user_by_id(uid_t uid) const override;
    Result<std::optional<gid_t>> group_by_name(const std::string& name) const override;
    std::vector<gid_t> groups_of(const std::string& user, gid_t primary) const override;
};

// A number that can be an id. 2^32 - 1 cannot: it means "no change" to setresuid(2) and its like.
std::optional<uint32_t> parse_id(const std::string& text);

// What `text` of a configuration means; names come before numbers, as in chown(1). Fails in a sentence.
Result<uid_t> find_uid(const std::string& text, const UserDatabase& users);
Result<gid_t> find_gid(const std::string& text, const UserDatabase& users);

}  // namespace yard::engine
