#include <gtest/gtest.h>

#include "engine/host/keeper_health.h"
#include "fakes/fake_proc_fs.h"

namespace yard::engine {
namespace {

TEST(KeeperHealth, IsWhatTheKernelSaysOfTheKeeper) {
    FakeProcFs proc;
    proc.add(7, 1, "supervisord");
    proc.set(7, "status", "Name:\tsupervisord\nVmLck:\t     412 kB\nVmRSS:\t     840 kB\n");
    proc.set(7, "oom_score_adj", "-1000\n");
    const KeeperHealth health = keeper_health(proc, 7);
    EXPECT_TRUE(health.memory_locked);
    EXPECT_EQ(health.oom_score_adj, -1000);
}

TEST(KeeperHealth, IsPoorWhereTheKeeperMayDoNothingForItself) {
    FakeProcFs proc;
    proc.add(7, 1, "supervisord");
    proc.set(7, "oom_score_adj", "200\n");
    const KeeperHealth health = keeper_health(proc, 7);
    EXPECT_FALSE(health.memory_locked);
    EXPECT_EQ(health.oom_score_adj, 200);
    EXPECT_FALSE(keeper_health(proc, 8).memory_locked);
}

}  // namespace
}  // namespace yard::engine
