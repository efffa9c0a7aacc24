// Who may do what over the control socket.
#include "engine/control/role_table.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>

namespace yard::engine::control {
namespace {

using testing::ElementsAre;

class FakeUsers final : public UserDatabase {
  public:
    Result<std::optional<User>> user_by_name(const std::string& name) const override {
        if (name != "alice") return std::optional<User>();
        return std::optional<User>({"alice", 1000, 1000, "/home/alice", "/bin/sh"});
    }
    Result<std::optional<User>> user_by_id(uid_t uid) const override {
        ++asked;
        return uid == 1000 ? user_by_name("alice") : std::optional<User>();
    }
    Result<std::optional<gid_t>> group_by_name(const std::string& name) const override {
        return name == "staff" ? std::optional<gid_t>(50) : std::nullopt;
    }
    std::vector<gid_t> groups_of(const std::string&, gid_t) const override { return {}; }
    mutable int asked = 0;
};

struct RoleTableTest : testing::Test {
    Role role(const Credentials& caller) { return RoleTable(access, 33, users).role_of(caller); }

    conf::Access access;
    FakeUsers users;
};

Credentials caller(uid_t uid, gid_t gid = 1, std::vector<gid_t> groups = {}) {
    return {7, uid, gid, std::move(groups), ""};
}

TEST_F(RoleTableTest, RootAndTheOwnerMayDoEverythingOthersNothing) {
    EXPECT_EQ(role(caller(0)), Role::admin);
    EXPECT_EQ(role(caller(33)), Role::admin);
    EXPECT_EQ(role(caller(34, 33)), Role::anyone);
    EXPECT_EQ(role(caller(34, 0, {0})), Role::anyone);
    EXPECT_EQ(role(Credentials()), Role::anyone);
}

TEST_F(RoleTableTest, AUserIsGivenARoleByNameOrNumber) {
    access.operate.users = {"alice", "1001"};
    EXPECT_EQ(role(caller(1000)), Role::operate);
    EXPECT_EQ(role(caller(1001)), Role::operate);
    EXPECT_EQ(role(caller(1002)), Role::anyone);
}

TEST_F(RoleTableTest, AGroupCountsAsPrimaryAndAsSupplementaryOne) {
    access.observe.groups = {"staff", "77"};
    EXPECT_EQ(role(caller(5, 50)), Role::observe);
    EXPECT_EQ(role(caller(5, 1, {2, 77})), Role::observe);
    EXPECT_EQ(role(caller(50, 1, {51})), Role::anyone);
}

TEST_F(RoleTableTest, TheHighestRoleCounts) {
    access.observe.users = {"alice"};
    access.admin.groups = {"staff"};
    EXPECT_EQ(role(caller(1000)), Role::observe);
    EXPECT_EQ(role(caller(1000, 50)), Role::admin);
}

TEST_F(RoleTableTest, NamesThatNobodyHasAreToldAndGiveNothing) {
    access.operate.users = {"bob"};
    access.observe.groups = {"crew", "4294967295"};
    const RoleTable table(access, 33, users);
    EXPECT_THAT(table.problems(),
                ElementsAre("access: operate: user 'bob' does not exist on this host",
                            "access: observe: group 'crew' does not exist on this host",
                            "access: observe: group '4294967295' does not exist on this host"));
    EXPECT_EQ(table.role_of(Credentials()), Role::anyone);
}

TEST_F(RoleTableTest, WhoMayChangeSomethingIsCalledByNameAndLookedUpOnce) {
    access.operate.users = {"1000"};
    access.observe.users = {"1001"};
    RoleTable table(access, 33, users);
    for (int i = 0; i < 3; ++i) {
        Credentials operator_ = caller(1000), watcher = caller(1001);
        EXPECT_EQ(table.admit(operator_), Role::operate);
        EXPECT_EQ(operator_.text(), "uid 1000 (alice, pid 7)");
        EXPECT_EQ(table.admit(watcher), Role::observe);
        EXPECT_EQ(watcher.text(), "uid 1001 (pid 7)");
    }
    EXPECT_EQ(users.asked, 1);
}

TEST(Credentials, TheKernelTellsWhoIsAtTheOtherEnd) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const Credentials peer = Credentials::of_peer(ends[0]);
    close(ends[0]);
    close(ends[1]);
    std::vector<gid_t> groups(static_cast<size_t>(getgroups(0, nullptr)));
    ASSERT_EQ(getgroups(static_cast<int>(groups.size()), groups.data()), static_cast<int>(groups.size()));
    EXPECT_EQ(peer.pid, getpid());
    EXPECT_EQ(peer.uid, geteuid());
    EXPECT_EQ(peer.gid, getegid());
    EXPECT_THAT(peer.groups, testing::UnorderedElementsAreArray(groups));
    EXPECT_EQ(peer.process_name(), "role_table_test");
}

}  // namespace
}  // namespace yard::engine::control
