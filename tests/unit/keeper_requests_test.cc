#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "helpers/keeper_world.h"
#include "protocol/spawn_image.h"

namespace yard::keeper {
namespace {

class KeeperRequests : public testing::Test {
  protected:
    Request request(RequestType type, Key key) {
        Request made{};
        made.type = type;
        made.key = key;
        return made;
    }

    // Lays an image, asks for it, and lets the start succeed.
    void start(Key key, uint32_t flags = 0) {
        world_.lay(key.slot, flags);
        world_.handle(request(RequestType::spawn, key));
        world_.turn();
        ASSERT_EQ(world_.record(key.slot).state, RecordState::running);
    }

    void set_main(Key key, int32_t pid) {
        Request named = request(RequestType::set_main, key);
        named.pid = pid;
        world_.handle(named);
    }

    void arm(Key next) {
        Request armed = request(RequestType::arm, next);
        armed.arm.signals = ~0ull;
        world_.handle(armed);
    }

    // Turns that reap, that reap who was killed in them, and that report.
    void settle() {
        for (int i = 0; i < 5; ++i) world_.turn();
    }

    std::vector<Report> exits() {
        settle();
        std::vector<Report> found;
        for (const Report& report : world_.reports()) {
            if (report.type == ReportType::exited) found.push_back(report);
        }
        return found;
    }

    KeeperWorld world_;
};

TEST_F(KeeperRequests, EachHoldOfAPacketTakesADescriptorAndTheRestIsClosed) {
    const Request holds[] = {request(RequestType::hold, {}), request(RequestType::hold, {})};
    const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    world_.send(holds, sizeof holds, {null.get(), null.get(), null.get()});
    world_.turn();  // the world counts its descriptors at the end
    EXPECT_EQ(world_.held(), 2u);
}

TEST_F(KeeperRequests, AHoldWithoutADescriptorHoldsNothing) {
    const Request holds[] = {request(RequestType::hold, {}), request(RequestType::hold, {})};
    const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    world_.send(holds, sizeof holds, {null.get()});
    world_.turn();
    EXPECT_EQ(world_.held(), 1u);
}

TEST_F(KeeperRequests, APacketThatIsTooLongIsDroppedWhole) {
    std::vector<Request> many(kMaxBatch + 1, request(RequestType::spawn, {0, 1}));
    world_.send(many.data(), many.size() * sizeof many[0]);
    world_.turn();
    EXPECT_EQ(world_.record(0).state, RecordState::empty);
}

TEST_F(KeeperRequests, WhatAnEngineAskedForBeforeItDiedWithReportsUnreadIsCarriedOut) {
    world_.handle(request(RequestType::hello, {}));
    world_.turn();  // the inventory lies unread in the engine's socket
    world_.lay(0);
    const Request spawn = request(RequestType::spawn, {0, 1});
    world_.send(&spawn, sizeof spawn);
    world_.end(world_.engine_pid(), SIGKILL);
    world_.reap();  // its end is heard of before its socket is looked at
    EXPECT_EQ(world_.record(0).generation, 1u);
}

TEST_F(KeeperRequests, TheStatusOfAMainProcessNamedLaterIsKnownWhoeverSeesItsEndFirst) {
    start({0, 1});
    start({1, 1});
    const int32_t named = world_.add_child();
    set_main({0, 1}, named);
    world_.end(named, 3 << 8);
    world_.reap();  // before its pidfd was looked at
    const std::vector<Report> found = exits();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].record.wait_status, 3 << 8);
}

TEST_F(KeeperRequests, WhatEndedStaysEndedThoughASiblingHasItsStatusPipeOpenStill) {
    world_.copy_pipes();
    world_.lay(0);
    world_.handle(request(RequestType::spawn, {0, 1}));
    world_.end(world_.record(0).pid, 0);
    world_.turn();
    ASSERT_EQ(world_.record(0).state, RecordState::exited);
    world_.release_pipe();
    world_.turn();
    EXPECT_EQ(world_.record(0).state, RecordState::exited);
}

TEST_F(KeeperRequests, AMainProcessThatIsNamedAgainStaysWhatItIs) {
    start({0, 1});
    const int32_t pid = world_.record(0).pid;
    set_main({0, 1}, pid);
    EXPECT_EQ(world_.record(0).main_pidfd, 0);
    world_.end(pid, 7 << 8);
    EXPECT_EQ(exits().at(0).record.wait_status, 7 << 8);
}

TEST_F(KeeperRequests, NeitherTheKeeperNorItsEngineNorAnotherServiceBecomesAMainProcess) {
    start({0, 1});
    start({1, 1});
    const int32_t own = world_.record(0).pid;
    for (const int32_t pid : {getpid(), world_.engine_pid(), world_.record(1).pid, 1, 0, -1}) {
        set_main({0, 1}, pid);
        EXPECT_EQ(world_.record(0).pid, own);
    }
}

TEST_F(KeeperRequests, TheLastEventOfAnEarlierMainProcessDoesNotEndTheNext) {
    start({0, 1});
    const int32_t first = world_.add_child();
    set_main({0, 1}, first);
    const Request next = [&] {
        Request named = request(RequestType::set_main, {0, 1});
        named.pid = KeeperWorld::kStranger;
        return named;
    }();
    world_.turn();
    // One turn sees both: the engine's word and the end of the process that it replaces.
    world_.send(&next, sizeof next);
    world_.end(first, SIGTERM);
    world_.turn();
    EXPECT_EQ(world_.record(0).state, RecordState::running);
    EXPECT_EQ(world_.record(0).pid, KeeperWorld::kStranger);
}

TEST_F(KeeperRequests, AnArmedStartThatFailsLeavesTheDecisionToTheEngine) {
    start({0, 1}, kImageShim);
    arm({0, 2});
    world_.starts_fail(true);
    world_.end_shim(0, SIGKILL);
    const std::vector<Report> found = exits();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].key.generation, 1u);
    EXPECT_EQ(found[0].record.next_pid, 0);
    world_.starts_fail(false);
    world_.handle(request(RequestType::acknowledge, {0, 1}));
    start({0, 2}, kImageShim);
}

TEST_F(KeeperRequests, AChildThatNobodyCouldHearIsNotStarted) {
    const std::vector<int32_t> before = world_.children();
    world_.lay(0);
    world_.watches_fail(true);
    world_.handle(request(RequestType::spawn, {0, 1}));
    world_.watches_fail(false);
    EXPECT_EQ(world_.children(), before);
    const std::vector<Report> found = exits();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].record.stage, static_cast<uint16_t>(SpawnStage::process));
    EXPECT_EQ(found[0].record.error, ENOMEM);
}

TEST_F(KeeperRequests, TheEndOfAServiceWhoseShimWasKilledIsToldWhenItsStraysAreGone) {
    start({0, 1}, kImageShim);
    const int32_t stray = world_.kill_shim(0);
    world_.reap();  // its service has come to the keeper, and is killed
    EXPECT_TRUE(world_.is_child(stray));
    EXPECT_EQ(world_.unacknowledged(), 0u);
    const std::vector<Report> found = exits();
    EXPECT_FALSE(world_.is_child(stray));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].record.wait_status, SIGKILL);
    EXPECT_TRUE(found[0].record.tree_empty);
}

TEST_F(KeeperRequests, AStrayThatComesWithTheDeathOfAnotherIsEndedToo) {
    start({0, 1}, kImageShim);
    start({1, 1}, kImageShim);
    world_.kill_shim(0);
    world_.reap();
    const int32_t late = world_.kill_shim(1);
    ASSERT_EQ(exits().size(), 2u);
    EXPECT_FALSE(world_.is_child(late));
}

TEST_F(KeeperRequests, TheTreeOfAKilledShimThatLingeredIsEmptyWhenItsStraysAreGone) {
    start({0, 1}, kImageShim | kImageLinger);
    world_.main_ends_in_shim(0, 0);
    ASSERT_EQ(exits().size(), 1u);
    const int32_t stray = world_.kill_shim(0);
    settle();
    EXPECT_FALSE(world_.is_child(stray));
    EXPECT_EQ(world_.record(0).state, RecordState::exited);
    ASSERT_EQ(world_.reports().size(), 1u);
}

TEST_F(KeeperRequests, AServiceThatLostItsShimTakesNoOtherMainProcess) {
    start({0, 1}, kImageShim);
    world_.turn();
    const int32_t main = world_.record(0).pid;
    world_.kill_shim(0);
    world_.reap();
    set_main({0, 1}, KeeperWorld::kStranger);
    EXPECT_EQ(world_.record(0).main_pidfd, 0);
    ASSERT_EQ(exits().size(), 1u);
    EXPECT_FALSE(world_.is_child(main));
}

TEST_F(KeeperRequests, TheMainProcessOfTwoServicesStaysThatOfTheOneItWasNamedFor) {
    start({0, 1}, kImageShim);
    start({1, 1});
    const int32_t main = world_.record(0).pid;
    set_main({1, 1}, main);
    world_.kill_shim(0);
    settle();
    EXPECT_EQ(world_.record(1).pid, main);
    EXPECT_TRUE(world_.is_child(main));
    EXPECT_EQ(world_.record(0).state, RecordState::exited);
}

TEST_F(KeeperRequests, AKilledShimCostsNoStrangerItsLife) {
    start({0, 1}, kImageShim);
    start({1, 1});
    const int32_t stranger = world_.add_child();
    world_.kill_shim(0);
    ASSERT_EQ(exits().size(), 1u);
    EXPECT_TRUE(world_.is_child(stranger));
    EXPECT_EQ(world_.record(1).state, RecordState::running);
}

TEST_F(KeeperRequests, AnEmptyTreeIsToldOfAgainToAnEngineThatAsks) {
    start({0, 1}, kImageShim | kImageLinger);
    world_.main_ends_in_shim(0, 0);
    world_.handle(request(RequestType::acknowledge, {0, 1}));
    world_.end_shim(0, 0);
    world_.turn();
    world_.turn();
    world_.reports();  // the engine dies with this unread; the next one asks for the tree's end again
    world_.handle(request(RequestType::kill_tree, {0, 1}));
    world_.turn();
    const std::vector<Report> found = world_.reports();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].type, ReportType::tree_empty);
}

TEST_F(KeeperRequests, AShimsNoticeOfAnEarlierMainProcessIsTooLate) {
    start({0, 1}, kImageShim | kImageLinger);
    set_main({0, 1}, KeeperWorld::kStranger);
    world_.main_ends_in_shim(0, 0);  // the shim has not read yet that another was named
    EXPECT_EQ(world_.record(0).state, RecordState::running);
    EXPECT_EQ(world_.unacknowledged(), 0u);
}

TEST_F(KeeperRequests, AnInventoryInterruptedByAFullSocketTellsEachExitOnce) {
    world_.handle(request(RequestType::hello, {}));
    for (uint32_t slot = 0; slot < KeeperWorld::kSlots; ++slot) {
        start({slot, 1}, kImageShim);
        arm({slot, 2});
        world_.end_shim(slot, SIGKILL);
        world_.turn();
    }
    world_.small_sockets(true);
    world_.replace_engine();
    std::vector<uint32_t> told(KeeperWorld::kSlots);
    for (int i = 0; i < 100; ++i) {
        for (const Report& report : world_.reports()) {
            if (report.type == ReportType::exited && report.key.generation == 1) ++told[report.key.slot];
        }
        world_.turn();
    }
    EXPECT_EQ(told, std::vector<uint32_t>(KeeperWorld::kSlots, 1));
}

TEST_F(KeeperRequests, ATableFullOfHeldDescriptorsTakesNoMore) {
    world_.pretend_held(kMaxHeld);
    world_.handle(request(RequestType::hold, {}), open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(world_.held(), kMaxHeld);
    world_.pretend_held(0);
}

}  // namespace
}  // namespace yard::keeper
