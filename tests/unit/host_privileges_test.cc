#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/host/privileges.h"

namespace yard::engine {
namespace {

// An ordinary user on an ordinary host.
Privileges ordinary() {
    Privileges own;
    own.uid = own.gid = 1000;
    own.lowest_nice = 20;
    own.hard_limits.fill(RLIM_INFINITY);
    own.hard_limits[RLIMIT_NOFILE] = 4096;
    own.max_nofile = 1048576;
    return own;
}

Privileges root() {
    Privileges own = ordinary();
    own.uid = own.gid = 0;
    own.set_uid = own.set_gid = own.signal_any = own.any_nice = own.raise_limits = own.io_realtime = true;
    return own;
}

class Refusal : public testing::Test {
  protected:
    // Why, or "".
    std::string of(const Privileges& own) const {
        const Status status = check_privileges(service_, identity_, own);
        return status ? "" : status.error().message;
    }

    conf::ServiceConfig service_;
    Identity identity_;
};

TEST_F(Refusal, NothingAskedIsNothingRefused) {
    EXPECT_EQ(of(ordinary()), "");
}

TEST_F(Refusal, OtherUserNeedsRoot) {
    service_.user = "app";
    identity_.uid = 1001;
    EXPECT_EQ(of(ordinary()), "user: 'app' (uid 1001) needs root or CAP_SETUID: the daemon runs as uid 1000");
    EXPECT_EQ(of(root()), "");
    identity_.uid = 1000;
    EXPECT_EQ(of(ordinary()), "");
}

TEST_F(Refusal, OtherUserThatCouldNotBeStopped) {
    service_.user = "app";
    identity_.uid = 1001;
    Privileges own = root();
    own.signal_any = false;
    EXPECT_EQ(of(own), "user: 'app' (uid 1001) needs CAP_KILL: the daemon could not stop the service");
}

TEST_F(Refusal, OtherGroupsNeedRoot) {
    identity_.gid = 33;
    EXPECT_EQ(of(ordinary()), "group: gid 33 needs root or CAP_SETGID: the daemon runs as uid 1000");
    EXPECT_EQ(of(root()), "");
    identity_.gid = 1000;
    EXPECT_EQ(of(ordinary()), "");
    identity_.groups = {1000};
    EXPECT_EQ(of(ordinary()),
              "supplementary_groups: setting them needs root or CAP_SETGID: the daemon runs as uid 1000");
    EXPECT_EQ(of(root()), "");
}

TEST_F(Refusal, NiceGoesDownOnlyAsFarAsAllowed) {
    Privileges own = ordinary();
    service_.nice = -1;
    EXPECT_EQ(of(own), "nice: -1 needs root or CAP_SYS_NICE: the daemon may go down to 0");
    EXPECT_EQ(of(root()), "");
    own.lowest_nice = -5;
    EXPECT_EQ(of(own), "");
    service_.nice = -5;
    EXPECT_EQ(of(own), "");
    service_.nice = -6;
    EXPECT_EQ(of(own), "nice: -6 needs root or CAP_SYS_NICE: the daemon may go down to -5");
    service_.nice = 0;
    own.lowest_nice = 20;
    EXPECT_EQ(of(own), "") << "what the daemon has may always stay";
    own.nice = 5;
    EXPECT_EQ(of(own), "nice: 0 needs root or CAP_SYS_NICE: the daemon may go down to 5");
    service_.nice = 5;
    EXPECT_EQ(of(own), "");
}

TEST_F(Refusal, RealtimeGoesUpOnlyAsFarAsAllowed) {
    using Policy = conf::Scheduling::Policy;
    Privileges own = ordinary();
    for (const Policy policy : {Policy::fifo, Policy::round_robin}) {
        own.realtime_priority = 0;
        service_.scheduling = {policy, 10};
        EXPECT_EQ(of(own),
                  "scheduling: realtime priority 10 needs root, CAP_SYS_NICE or RLIMIT_RTPRIO, which is 0");
        EXPECT_EQ(of(root()), "");
        own.realtime_priority = 10;
        EXPECT_EQ(of(own), "");
    }
    own.realtime_priority = 0;
    for (const Policy policy : {Policy::inherit, Policy::other, Policy::batch, Policy::idle}) {
        service_.scheduling = {policy, 0};
        EXPECT_EQ(of(own), "");
    }
}

TEST_F(Refusal, OnlyTheRealtimeClassOfIoNeedsRoot) {
    using Class = conf::IoPriority::Class;
    service_.ionice.io_class = Class::realtime;
    EXPECT_EQ(of(ordinary()), "ionice: the realtime class needs root or CAP_SYS_NICE");
    EXPECT_EQ(of(root()), "");
    for (const Class io_class : {Class::inherit, Class::best_effort, Class::idle}) {
        service_.ionice.io_class = io_class;
        EXPECT_EQ(of(ordinary()), "");
    }
}

TEST_F(Refusal, OomScoreGoesUpOnly) {
    Privileges own = ordinary();
    own.oom_score_adj = 100;
    service_.oom_score_adj = 99;
    EXPECT_EQ(of(own), "oom_score_adj: 99 needs root or CAP_SYS_RESOURCE: the daemon's own is 100");
    service_.oom_score_adj = 100;
    EXPECT_EQ(of(own), "");
    service_.oom_score_adj = -1000;
    EXPECT_EQ(of(root()), "");
}

TEST_F(Refusal, HardLimitsGoDownOnly) {
    service_.limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 1024, 4097}};
    EXPECT_EQ(of(ordinary()),
              "limits.nofile: a hard limit of 4097 needs root or CAP_SYS_RESOURCE: the daemon's own is 4096");
    EXPECT_EQ(of(root()), "");
    service_.limits = {{RLIMIT_NOFILE, 4096, 4096}, {RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY}};
    EXPECT_EQ(of(ordinary()), "");
}

TEST_F(Refusal, LimitIsNamedAsTheConfigurationNamesIt) {
    Privileges own = ordinary();
    own.hard_limits[RLIMIT_CPU] = 10;
    service_.limits = {{RLIMIT_CPU, 11, 11}};
    EXPECT_EQ(of(own),
              "limits.cputime: a hard limit of 11 needs root or CAP_SYS_RESOURCE: the daemon's own is 10");
}

TEST_F(Refusal, UnlimitedIsMoreThanAnyNumber) {
    Privileges own = ordinary();
    own.hard_limits[RLIMIT_MEMLOCK] = 65536;
    service_.limits = {{RLIMIT_MEMLOCK, 0, RLIM_INFINITY}};
    EXPECT_EQ(of(own),
              "limits.memlock: a hard limit of unlimited needs root or CAP_SYS_RESOURCE: the daemon's own is "
              "65536");
}

TEST_F(Refusal, NobodyMayOpenMoreFilesThanTheKernelAllows) {
    service_.limits = {{RLIMIT_NOFILE, 1024, 1048577}};
    EXPECT_EQ(of(root()), "limits.nofile: a hard limit of 1048577 is above fs.nr_open, 1048576");
}

TEST(Capabilities, AreReadFromTheEffectiveSet) {
    Privileges own;
    set_capabilities(own, "CapPrm:\tffffffffffffffff\nCapEff:\t0000000000000000\n");
    EXPECT_FALSE(own.set_uid || own.set_gid || own.signal_any || own.any_nice || own.raise_limits ||
                 own.io_realtime);
    set_capabilities(own, "CapEff:\t0000000000000020\n");
    EXPECT_TRUE(own.signal_any);
    EXPECT_FALSE(own.set_uid || own.set_gid || own.any_nice || own.raise_limits || own.io_realtime);
    // What containers get by default: kill, setuid and setgid, but neither nice nor limits.
    set_capabilities(own, "CapEff:\t00000000a80425fb\n");
    EXPECT_TRUE(own.set_uid && own.set_gid && own.signal_any);
    EXPECT_FALSE(own.any_nice || own.raise_limits || own.io_realtime);
    set_capabilities(own, "CapEff:\t000001ffffffffff\n");
    EXPECT_TRUE(own.any_nice && own.raise_limits && own.io_realtime);
}

TEST(PrivilegesOfThisProcess, AgreeWithTheKernel) {
    const Privileges own = Privileges::of_this_process();
    EXPECT_EQ(own.uid, geteuid());
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(own.hard_limits[RLIMIT_NOFILE], limit.rlim_max);
    EXPECT_GE(own.max_nofile, limit.rlim_max);
    EXPECT_EQ(own.nice, getpriority(PRIO_PROCESS, 0));
}

}  // namespace
}  // namespace yard::engine
