#include "engine/folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yard::engine {
namespace {

using testing::HasSubstr;

class OneUser : public UserDatabase {
  public:
    Result<std::optional<User>> user_by_name(const std::string&) const override {
        return std::optional<User>();
    }
    Result<std::optional<User>> user_by_id(uid_t uid) const override {
        return uid == 1000 ? std::optional(User{"ann", 1000, 1000, "/home/ann", "/bin/sh"}) : std::nullopt;
    }
    Result<std::optional<gid_t>> group_by_name(const std::string&) const override {
        return std::optional<gid_t>();
    }
    std::vector<gid_t> groups_of(const std::string&, gid_t primary) const override { return {primary}; }
};

std::string state_dir_of(const StateOwner& owner) {
    return *default_state_dir(owner, OneUser());
}

TEST(StateDir, OfRootIsTheSystemsWhateverTheEnvironmentSays) {
    EXPECT_EQ(state_dir_of({0, "/xdg", "/root"}), "/var/lib/yardmaster");
}

TEST(StateDir, OfAUserIsWhereTheEnvironmentSays) {
    EXPECT_EQ(state_dir_of({1000, "/xdg", "/elsewhere"}), "/xdg/yardmaster");
    EXPECT_EQ(state_dir_of({1000, "", "/elsewhere"}), "/elsewhere/.local/state/yardmaster");
}

TEST(StateDir, WithoutAnEnvironmentTheUserDatabaseKnowsTheHome) {
    EXPECT_EQ(state_dir_of({1000, "", ""}), "/home/ann/.local/state/yardmaster");
}

TEST(StateDir, OfSomebodyWithoutAHomeIsAnErrorThatSaysWhatToDo) {
    const Result<std::string> none = default_state_dir({1234, "", ""}, OneUser());
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message,
                HasSubstr("uid 1234 has no home directory; name a folder with --state-dir"));
}

}  // namespace
}  // namespace yard::engine
