#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "engine/host/identity.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class FakeUsers : public UserDatabase {
  public:
    std::map<std::string, User> users;
    std::map<std::string, gid_t> groups;
    std::map<std::string, std::vector<gid_t>> memberships;
    bool broken = false;

    Result<std::optional<User>> user_by_name(const std::string& name) const override {
        if (broken) return fail(system_error("look up", "user " + name, EIO));
        const auto found = users.find(name);
        return found == users.end() ? std::optional<User>() : found->second;
    }
    Result<std::optional<User>> user_by_id(uid_t uid) const override {
        for (const auto& entry : users) {
            if (entry.second.uid == uid) return std::optional(entry.second);
        }
        return std::optional<User>();
    }
    Result<std::optional<gid_t>> group_by_name(const std::string& name) const override {
        const auto found = groups.find(name);
        return found == groups.end() ? std::optional<gid_t>() : found->second;
    }
    std::vector<gid_t> groups_of(const std::string& user, gid_t primary) const override {
        std::vector<gid_t> all{primary};
        if (memberships.contains(user))
            all.insert(all.end(), memberships.at(user).begin(), memberships.at(user).end());
        return all;
    }
};

class IdentityOf : public testing::Test {
  protected:
    IdentityOf() {
        users_.users["app"] = {"app", 1001, 2001, "/home/app", "/bin/bash"};
        users_.users["bare"] = {"bare", 1002, 2002, "", ""};
        users_.users["1001"] = {"1001", 4444, 4444, "/", "/bin/sh"};
        users_.groups = {{"www", 33}, {"adm", 4}, {"audio", 29}};
        users_.memberships["app"] = {4, 29};
    }
    Identity resolve() {
        Result<Identity> identity = resolve_identity(service_, users_, caller_);
        EXPECT_TRUE(identity.ok()) << identity.error().message;
        return std::move(*identity);
    }
    std::string refusal() {
        const Result<Identity> identity = resolve_identity(service_, users_, caller_);
        return identity.ok() ? "accepted" : identity.error().message;
    }

    FakeUsers users_;
    conf::ServiceConfig service_;
    Caller caller_{0, 0, true};
};

TEST_F(IdentityOf, NothingAskedIsNothingSet) {
    const Identity identity = resolve();
    EXPECT_EQ(identity.uid, std::nullopt);
    EXPECT_EQ(identity.gid, std::nullopt);
    EXPECT_EQ(identity.groups, std::nullopt);
    EXPECT_THAT(identity.env, IsEmpty());
}

TEST_F(IdentityOf, UserBringsItsGroupsAndEnvironment) {
    service_.user = "app";
    const Identity identity = resolve();
    EXPECT_EQ(identity.uid, 1001u);
    EXPECT_EQ(identity.gid, 2001u);
    EXPECT_THAT(*identity.groups, ElementsAre(2001, 4, 29));
    EXPECT_THAT(identity.env, ElementsAre(Pair("HOME", "/home/app"), Pair("LOGNAME", "app"),
                                          Pair("SHELL", "/bin/bash"), Pair("USER", "app")));
}

TEST_F(IdentityOf, EmptyHomeAndShellGetTheirUsualMeaning) {
    service_.user = "bare";
    EXPECT_EQ(resolve().env.at("HOME"), "/");
    EXPECT_EQ(resolve().env.at("SHELL"), "/bin/sh");
}

TEST_F(IdentityOf, GivenGroupReplacesThatOfTheUser) {
    service_.user = "app";
    service_.group = "www";
    const Identity identity = resolve();
    EXPECT_EQ(identity.gid, 33u);
    EXPECT_THAT(*identity.groups, ElementsAre(33, 4, 29));
}

TEST_F(IdentityOf, GivenSupplementaryGroupsReplaceThoseOfTheUser) {
    service_.user = "app";
    service_.supplementary_groups = {"adm", "77"};
    EXPECT_THAT(*resolve().groups, ElementsAre(4, 77));
    service_.supplementary_groups.emplace();
    EXPECT_THAT(*resolve().groups, IsEmpty());
}

TEST_F(IdentityOf, GroupAloneLeavesTheUserAlone) {
    service_.group = "33";
    const Identity identity = resolve();
    EXPECT_EQ(identity.uid, std::nullopt);
    EXPECT_EQ(identity.gid, 33u);
    EXPECT_EQ(identity.groups, std::nullopt);
}

TEST_F(IdentityOf, NamesComeBeforeNumbers) {
    service_.user = "1001";
    EXPECT_EQ(resolve().uid, 4444u);
    service_.user = "1002";
    EXPECT_EQ(resolve().env.at("USER"), "bare");
}

TEST_F(IdentityOf, NumberWithoutEntryNeedsAGroup) {
    service_.user = "5000";
    EXPECT_EQ(refusal(), "user: 5000 has no entry in the user database, so `group` must be given too");
    service_.group = "6000";
    const Identity identity = resolve();
    EXPECT_EQ(identity.uid, 5000u);
    EXPECT_EQ(identity.gid, 6000u);
    EXPECT_THAT(*identity.groups, ElementsAre(6000)) << "none of the daemon's own groups stays";
    EXPECT_THAT(identity.env, IsEmpty());
}

TEST_F(IdentityOf, UnknownNamesAreNamedWithTheirKey) {
    service_.user = "nobodyhere";
    EXPECT_EQ(refusal(), "user: 'nobodyhere' does not exist on this host");
    service_.user = "app";
    service_.group = "nogroup";
    EXPECT_EQ(refusal(), "group: group 'nogroup' does not exist on this host");
    service_.group = "";
    service_.supplementary_groups = {"adm", "nope"};
    EXPECT_EQ(refusal(), "supplementary_groups: group 'nope' does not exist on this host");
}

TEST_F(IdentityOf, IdsThatMeanNoChangeAreNobodys) {
    for (const char* user : {"4294967295", "4294967296", "-1", "0x0", "1001 ", "+1"}) {
        service_.user = user;
        EXPECT_THAT(refusal(), HasSubstr("does not exist")) << user;
    }
}

TEST_F(IdentityOf, DatabaseThatCannotBeAskedIsNotAnUnknownUser) {
    users_.broken = true;
    service_.user = "app";
    EXPECT_EQ(refusal(), "look up user app: Input/output error");
}

TEST_F(IdentityOf, OrdinaryCallerThatNamesItselfKeepsItsGroups) {
    caller_ = {1001, 2001, false};
    service_.user = "app";
    EXPECT_EQ(resolve().groups, std::nullopt);
    EXPECT_EQ(resolve().env.at("HOME"), "/home/app");
    service_.group = "www";
    EXPECT_NE(resolve().groups, std::nullopt) << "not itself any more";
}

TEST(SystemUserDatabase, KnowsRoot) {
    const SystemUserDatabase users;
    const Result<std::optional<User>> by_name = users.user_by_name("root"), by_id = users.user_by_id(0);
    ASSERT_TRUE(by_name.ok() && *by_name && by_id.ok() && *by_id);
    EXPECT_EQ((*by_name)->uid, 0u);
    EXPECT_EQ((*by_id)->name, "root");
    EXPECT_EQ(**users.group_by_name("root"), 0u);
    EXPECT_THAT(users.groups_of("root", 0), testing::Contains(0u));
}

TEST(SystemUserDatabase, StrangersAreNoError) {
    const SystemUserDatabase users;
    EXPECT_EQ(*users.user_by_name("no-such-user-here"), std::nullopt);
    EXPECT_EQ(*users.user_by_id(4'000'000'001u), std::nullopt);
    EXPECT_EQ(*users.group_by_name("no-such-group-here"), std::nullopt);
    EXPECT_THAT(users.groups_of("no-such-user-here", 7), ElementsAre(7u));
}

}  // namespace
}  // namespace yard::engine
