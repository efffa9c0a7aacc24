#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "helpers/keeper_world.h"

namespace yard::keeper {
namespace {

constexpr int kCrash = SIGSEGV;
constexpr int64_t kLongMs = 60'000;

// One engine after the other.
class KeeperEngine : public testing::Test {
  protected:
    void hello() {
        Request request{};
        request.type = RequestType::hello;
        world_.handle(request);
    }

    // An engine says hello and lives so long; returns after how many ms the next is due, and starts that.
    int64_t live(int64_t ms, int status) {
        hello();
        world_.pass(ms);
        const int64_t delay = world_.end_engine(status);
        world_.start_engine_now();
        return delay;
    }

    KeeperWorld world_;
};

TEST_F(KeeperEngine, ThatSaysHelloAndCrashesIsStartedWithGrowingDelay) {
    const int64_t expected[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000};
    for (const int64_t delay : expected) EXPECT_EQ(live(5, kCrash), delay);
}

TEST_F(KeeperEngine, ThatDiesBeforeItsHelloIsStartedWithGrowingDelayToo) {
    hello();
    int64_t last = 0;
    for (int i = 0; i < 5; ++i) {
        const int64_t delay = world_.end_engine(kCrash);
        EXPECT_GT(delay, last);
        last = delay;
        world_.start_engine_now();
    }
}

TEST_F(KeeperEngine, ThatWorkedForLongIsReplacedAtOnceAndTheDelayBeginsAnew) {
    for (int i = 0; i < 8; ++i) live(5, kCrash);
    EXPECT_EQ(live(kLongMs, kCrash), 0);
    EXPECT_EQ(live(5, kCrash), 10);
}

TEST_F(KeeperEngine, ThatSomebodyKillsBeforeTheFirstHelloIsReplacedToo) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(world_.end_engine(SIGKILL), 10);
        world_.start_engine_now();
    }
    EXPECT_EQ(live(5, SIGKILL), 10);
}

TEST_F(KeeperEngine, ThatSomebodyKilledIsReplacedSoonHoweverOften) {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(live(5, SIGKILL), 10);
}

TEST_F(KeeperEngine, ThatHandsOverIsReplacedAtOnceAndCountsNeitherWay) {
    live(5, kCrash);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(live(5, /*status=*/0), 0);
    EXPECT_EQ(live(5, kCrash), 20);
}

TEST_F(KeeperEngine, ThatEndsBeforeItsHelloHandsNothingOver) {
    hello();
    world_.end_engine(kCrash);
    world_.start_engine_now();
    EXPECT_GT(world_.end_engine(/*status=*/0), 0);
}

TEST_F(KeeperEngine, ShowsNoGoodBinaryByItsHello) {
    live(5, kCrash);
    EXPECT_FALSE(world_.has_good_binary());
    live(kLongMs, kCrash);
    EXPECT_TRUE(world_.has_good_binary());
}

TEST_F(KeeperEngine, IsThatOfTheLastGoodBinaryWhenManyDiedYoungAndUntilOneLivedLong) {
    live(kLongMs, kCrash);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(world_.runs_good_binary());
        live(5, kCrash);
    }
    EXPECT_TRUE(world_.runs_good_binary());
    live(kLongMs, kCrash);
    EXPECT_FALSE(world_.runs_good_binary()) << "what lies at the path may have been mended";
    EXPECT_TRUE(world_.has_good_binary());
}

TEST_F(KeeperEngine, ThatTakesNoNoticeOfASignalIsKilled) {
    hello();
    world_.pass(kLongMs);
    world_.take_signal(SIGTERM);
    world_.turn();
    const int32_t stuck = world_.engine_pid();
    EXPECT_TRUE(world_.is_child(stuck));
    world_.pass(11'000);
    world_.turn();
    world_.turn();
    EXPECT_FALSE(world_.is_child(stuck));
}

TEST_F(KeeperEngine, ThatWasToldToEndEverythingHasAllTheTimeItTakesAndItsSuccessorHearsOfItToo) {
    hello();
    world_.pass(kLongMs);
    world_.take_signal(SIGTERM);
    world_.turn();
    Request request{};
    request.type = RequestType::acknowledge_signal;
    request.signal.number = SIGTERM;
    world_.handle(request);
    const int32_t stopping = world_.engine_pid();
    world_.pass(kLongMs);
    world_.turn();
    world_.turn();
    EXPECT_TRUE(world_.is_child(stopping));
    world_.reports();
    world_.end_engine(kCrash);
    world_.start_engine_now();
    world_.turn();
    const std::vector<Report> told = world_.reports();
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const Report& report) {
        return report.type == ReportType::signal && report.signal == SIGTERM;
    }));
}

TEST_F(KeeperEngine, IsLeftInPeaceWhenItHasNothingToDo) {
    hello();
    const int32_t idle = world_.engine_pid();
    world_.pass(kLongMs);
    world_.turn();
    world_.turn();
    EXPECT_EQ(world_.engine_pid(), idle);
}

}  // namespace
}  // namespace yard::keeper
