// The rules that the engine builds upon, shown on the real keeper.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/exit_status.h"
#include "keeper_fixture.h"
#include "protocol/spawn_stage.h"

namespace yard::keeper {
namespace {

// The keeper's stderr is a pipe that is full and that nobody reads.
class KeeperWithStuckStderr : public KeeperFixture {
  protected:
    KeeperWithStuckStderr() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return;
        reader_ = UniqueFd(ends[0]);
        keeper_stderr_ = UniqueFd(ends[1]);
        fcntl(keeper_stderr_.get(), F_SETFL, O_NONBLOCK);
        const std::string page(4096, 'x');
        while (write(keeper_stderr_.get(), page.data(), page.size()) > 0) {
        }
        fcntl(keeper_stderr_.get(), F_SETFL, 0);
    }

  private:
    UniqueFd reader_;
};

// A profile that knows no close_range(2), as those of before 2020.
class KeeperWithoutCloseRange : public KeeperFixture {
  protected:
    KeeperWithoutCloseRange() { refused_calls_ = {SYS_close_range}; }

    void starts_fail_and_the_keeper_lives() {
        for (const uint32_t generation : {1u, 2u, 3u}) {
            const Key key{0, generation};
            lay(key.slot, "exit 0", generation == 3);
            link().spawn(key);
            const Report end = wait_for(ReportType::exited, key);
            EXPECT_EQ(end.record.stage, static_cast<uint16_t>(SpawnStage::descriptors));
            EXPECT_EQ(end.record.error, EPERM);
        }
        kill_engine();
        become_engine();
        EXPECT_TRUE(inventory_record(0)) << "the arena and the sockets are open still";
    }
};

class KeeperWithoutOwnDescriptors : public KeeperWithoutCloseRange {
  protected:
    KeeperWithoutOwnDescriptors() { refused_calls_ = {SYS_close_range, SYS_unshare}; }
};

TEST_F(KeeperWithoutCloseRange, NothingIsStartedThatWouldInheritItsDescriptors) {
    starts_fail_and_the_keeper_lives();
}

TEST_F(KeeperWithoutOwnDescriptors, AChildThatSharesThemClosesNone) {
    starts_fail_and_the_keeper_lives();
}

TEST_F(KeeperFixture, StartsAndReportsTheExactStatus) {
    lay(0, "exit 42");
    link().spawn({0, 1});
    wait_for(ReportType::started, {0, 1});
    const Report end = wait_for(ReportType::exited, {0, 1});
    EXPECT_EQ(ExitStatus::from_wait_status(end.record.wait_status), ExitStatus::from_exit_code(42));
    EXPECT_EQ(end.record.stage, 0);
}

TEST_F(KeeperFixture, ABurstOfStartsIsStartedWhole) {
    constexpr uint32_t kBurst = 60;  // in one packet: many more than there are lanes
    for (uint32_t slot = 0; slot < kBurst; ++slot) lay(slot, "exit 7");
    for (uint32_t slot = 0; slot < kBurst; ++slot) link().spawn({slot, 1});
    for (uint32_t slot = 0; slot < kBurst; ++slot) {
        wait_for(ReportType::started, {slot, 1});
        const Report end = wait_for(ReportType::exited, {slot, 1});
        EXPECT_EQ(ExitStatus::from_wait_status(end.record.wait_status), ExitStatus::from_exit_code(7));
    }
}

TEST_F(KeeperFixture, AKnownKeyIsNotStartedTwice) {
    lay(0, "echo up >>starts; exec sleep 1000");
    link().spawn({0, 1});
    const Report first = wait_for(ReportType::started, {0, 1});
    link().spawn({0, 1});
    const Report second = wait_for(ReportType::started, {0, 1});
    EXPECT_EQ(first.record.pid, second.record.pid);
    EXPECT_EQ(wait_for_lines("starts", 1).size(), 1u);
    link().signal({0, 1}, SIGKILL, false);
    wait_for(ReportType::exited, {0, 1});
}

TEST_F(KeeperFixture, AnOldGenerationIsRefused) {
    lay(0, "exit 0");
    link().spawn({0, 2});
    wait_for(ReportType::exited, {0, 2});
    lay(0, "echo no >>starts");
    link().spawn({0, 1});
    wait_for(ReportType::refused, {0, 1});
    EXPECT_FALSE(std::ifstream(folder() + "/starts").good());
}

TEST_F(KeeperFixture, AFailedExecNamesStageAndErrno) {
    lay_command(0, {"/no/such/program"});
    link().spawn({0, 1});
    const Report end = wait_for(ReportType::exited, {0, 1});
    EXPECT_EQ(end.record.stage, static_cast<uint16_t>(SpawnStage::exec));
    EXPECT_EQ(end.record.error, ENOENT);
}

TEST_F(KeeperFixture, AMissingImageIsAFailedStart) {
    link().spawn({3, 1});
    EXPECT_EQ(wait_for(ReportType::exited, {3, 1}).record.stage, static_cast<uint16_t>(SpawnStage::image));
}

TEST_F(KeeperFixture, AnExitIsRepeatedToEachEngineUntilAcknowledged) {
    lay(0, "exit 3");
    link().spawn({0, 1});
    wait_for(ReportType::exited, {0, 1});
    kill_engine();
    become_engine();
    ASSERT_TRUE(inventory_record(0));
    EXPECT_EQ(inventory_record(0)->record.wait_status, 3 << 8);
    EXPECT_NE(inventory_record(0)->record.ended_ns, 0);
    link().acknowledge({0, 1});
    link().flush();
    kill_engine();
    become_engine();
    ASSERT_TRUE(inventory_record(0));
    EXPECT_EQ(inventory_record(0)->record.ended_ns, 0);
    EXPECT_EQ(inventory_record(0)->key.generation, 1u);
}

TEST_F(KeeperFixture, WhatADyingEngineAskedForIsCarriedOut) {
    lay(0, "echo up >>starts; exec sleep 1000");
    link().spawn({0, 1});
    link().flush();
    kill_engine();
    become_engine();
    EXPECT_EQ(wait_for_lines("starts", 1).size(), 1u);
    ASSERT_TRUE(inventory_record(0));
    link().signal({0, 1}, SIGKILL, false);
    wait_for(ReportType::exited, {0, 1});
}

TEST_F(KeeperFixture, AnArmedGenerationStartsWithoutBeingAskedFor) {
    lay(0, "echo 1 >>starts; exec sleep 1000");
    link().spawn({0, 1});
    wait_for(ReportType::started, {0, 1});
    wait_for_lines("starts", 1);  // started means exec: the script's first line comes later
    lay(0, "echo 2 >>starts; exec sleep 1000");
    ArmTerms terms{};
    terms.signals = ~0ull;
    link().arm({0, 2}, terms);
    link().signal({0, 1}, SIGKILL, false);
    // No tree is known to be left without a cgroup or a shim: the keeper asks the cgroup of the image, and
    // there is none. So the arming of a bare process does not fire...
    const Report bare = wait_for(ReportType::exited, {0, 1});
    EXPECT_EQ(bare.record.next_pid, 0);
    // ... and one under a shim does.
    link().acknowledge({0, 1});
    lay(0, "echo 2 >>starts; exec sleep 1000", true);
    link().spawn({0, 2});
    wait_for(ReportType::started, {0, 2});
    wait_for_lines("starts", 2);
    lay(0, "echo 3 >>starts; exec sleep 1000", true);
    link().arm({0, 3}, terms);
    link().signal({0, 2}, SIGKILL, false);
    const Report end = wait_for(ReportType::exited, {0, 2});
    EXPECT_NE(end.record.next_pid, 0);
    wait_for(ReportType::started, {0, 3});
    EXPECT_EQ(wait_for_lines("starts", 3).size(), 3u);
    link().kill_tree({0, 3});
    EXPECT_EQ(wait_for(ReportType::exited, {0, 3}).record.next_pid, 0);
}

TEST_F(KeeperFixture, AnArmedGenerationWaitsForTheTermsToHold) {
    lay(0, "exec sleep 1000", true);
    link().spawn({0, 1});
    wait_for(ReportType::started, {0, 1});
    lay(0, "echo 2 >>starts", true);
    ArmTerms terms{};
    terms.signals = ~0ull;
    terms.min_uptime_ns = 3'600'000'000'000;
    link().arm({0, 2}, terms);
    link().signal({0, 1}, SIGKILL, false);
    EXPECT_EQ(wait_for(ReportType::exited, {0, 1}).record.next_pid, 0);
    EXPECT_FALSE(std::ifstream(folder() + "/starts").good());
}

TEST_F(KeeperFixture, HeldDescriptorsReachTheNextEngineUntilReleased) {
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const UniqueFd reader(pipe_ends[0]);
    UniqueFd writer(pipe_ends[1]);
    link().hold(77, writer.get());
    link().flush();
    writer.reset();
    kill_engine();
    become_engine();
    ASSERT_EQ(inventory().held.size(), 1u);
    EXPECT_EQ(inventory().held[0].first, 77u);
    link().release(77);
    link().flush();
    kill_engine();  // had inherited it too
    become_engine();
    EXPECT_TRUE(inventory().held.empty());
    char byte;
    EXPECT_EQ(read(reader.get(), &byte, 1), 0) << "the last writer is gone";
}

TEST_F(KeeperFixture, SignalsAreRepeatedUntilAcknowledged) {
    const auto is_hup = [](const Report& report) {
        return report.type == ReportType::signal && report.signal == SIGHUP;
    };
    kill(keeper_pid(), SIGHUP);
    wait_for("SIGHUP", is_hup);
    kill_engine();
    become_engine();
    wait_for("SIGHUP again", is_hup);
    link().acknowledge_signal(SIGHUP);
    link().flush();
    kill_engine();
    become_engine();
    kill(keeper_pid(), SIGUSR1);
    wait_for("SIGUSR1 and no SIGHUP before it", [](const Report& report) {
        EXPECT_FALSE(report.type == ReportType::signal && report.signal == SIGHUP);
        return report.type == ReportType::signal && report.signal == SIGUSR1;
    });
    link().acknowledge_signal(SIGUSR1);
}

TEST_F(KeeperFixture, TheShimEndsAnEscapedTreeAndPassesTheStatusOn) {
    lay(0,
        "setsid sh -c 'trap \"\" TERM; echo $$ >>pids; while :; do sleep 1000; done' & "
        "while ! test -s pids; do :; done; exit 5",
        true);
    link().spawn({0, 1});
    const Report end = wait_for(ReportType::exited, {0, 1});
    EXPECT_EQ(end.record.wait_status, 5 << 8);
    EXPECT_TRUE(end.record.tree_empty);
    const pid_t escaped = std::stoi(wait_for_lines("pids", 1)[0]);
    EXPECT_EQ(kill(escaped, 0), -1);
}

TEST_F(KeeperFixture, TheServiceOfAKilledShimEndsWithAKnownStatus) {
    lay(0, "exec sleep 1000", true);
    link().spawn({0, 1});
    const Report up = wait_for(ReportType::started, {0, 1});
    kill(up.record.shim_pid, SIGKILL);
    const Report end = wait_for(ReportType::exited, {0, 1});
    EXPECT_EQ(ExitStatus::from_wait_status(end.record.wait_status), ExitStatus::from_signal(SIGKILL));
    EXPECT_TRUE(end.record.tree_empty) << "the engine would wait for what nobody can tell";
    EXPECT_EQ(kill(up.record.pid, 0), -1);
}

TEST_F(KeeperWithStuckStderr, TheKeeperGoesOn) {
    kill_engine();
    become_engine();
    lay(0, "exit 4");
    link().spawn({0, 1});
    EXPECT_EQ(wait_for(ReportType::exited, {0, 1}).record.wait_status, 4 << 8);
}

TEST_F(KeeperFixture, ALingeringShimWaitsToBeToldAndThenEmptiesTheTree) {
    lay(0, "setsid sleep 1000 & exit 0", true, true);
    link().spawn({0, 1});
    EXPECT_FALSE(wait_for(ReportType::exited, {0, 1}).record.tree_empty);
    link().kill_tree({0, 1});
    wait_for(ReportType::tree_empty, {0, 1});
}

TEST_F(KeeperFixture, ALingeringShimTakesANewMainProcess) {
    lay(0, "setsid sh -c 'echo $$ >>pids; sleep 1000; :' & exit 0", true, true);
    link().spawn({0, 1});
    wait_for(ReportType::exited, {0, 1});
    const pid_t daemon = std::stoi(wait_for_lines("pids", 1)[0]);
    link().set_main({0, 1}, daemon);
    link().signal({0, 1}, SIGTERM, false);
    EXPECT_EQ(wait_for(ReportType::exited, {0, 1}).record.wait_status, SIGTERM);
    link().kill_tree({0, 1});
    wait_for(ReportType::tree_empty, {0, 1});
}

TEST_F(KeeperFixture, GarbageFromTheEngineIsDropped) {
    Request request{};
    std::memset(&request, 0xFF, sizeof request);
    (void)!write(link().fd(), &request, sizeof request);
    (void)!write(link().fd(), "short", 5);
    lay(0, "exit 0");
    link().spawn({0, 1});
    wait_for(ReportType::exited, {0, 1});
}

}  // namespace
}  // namespace yard::keeper
