#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "channel_harness.h"
#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/semaphore.h"

namespace yard::ipc {
namespace {

constexpr OwnerId kMe = 1, kOther = 2;
const Death kDeath{4711, 9};

ObjectSpec semaphore_spec(uint32_t value, uint32_t capacity) {
    return {.kind = Kind::semaphore, .capacity = capacity, .value = value};
}

TEST(ChannelSemaphore, GivesAsManyPermitsAsThereAre) {
    const Segment segment = make_segment(semaphore_spec(2, 10));
    Semaphore semaphore(segment, kMe, nullptr);
    EXPECT_EQ(semaphore.acquire(0), 0);
    EXPECT_EQ(semaphore.acquire(0), 0);
    EXPECT_EQ(semaphore.acquire(0), -EAGAIN);
    EXPECT_EQ(semaphore.value(), 0u);
    EXPECT_EQ(semaphore.release(), 0);
    EXPECT_EQ(semaphore.value(), 1u);
}

TEST(ChannelSemaphore, ResourcesOfTheDeadComeBackAndTokensDoNot) {
    const Segment segment = make_segment(semaphore_spec(3, 10));
    Semaphore semaphore(segment, kMe, nullptr);
    Semaphore dead(segment, kOther, nullptr);
    EXPECT_EQ(dead.acquire(PermitUse::resource, 0), 0);
    EXPECT_EQ(dead.acquire(PermitUse::resource, 0), 0);
    EXPECT_EQ(dead.acquire(PermitUse::token, 0), 0);
    EXPECT_EQ(semaphore.held_by_owner()[kOther], 2u);
    EXPECT_EQ(recover(segment, kOther, kDeath, nullptr).claims, 2u);
    EXPECT_EQ(semaphore.value(), 2u);
    EXPECT_EQ(segment.header().last_death.pid.load(), 4711u);
}

TEST(ChannelSemaphore, WhoHoldsNothingAddsATokenUpToTheBound) {
    const Segment segment = make_segment(semaphore_spec(0, 2));
    Semaphore semaphore(segment, kMe, nullptr);
    EXPECT_EQ(semaphore.release(), 0);
    EXPECT_EQ(semaphore.release(), 0);
    EXPECT_EQ(semaphore.release(), -EOVERFLOW);
    EXPECT_EQ(semaphore.value(), 2u);
}

TEST(ChannelSemaphore, TheModeOfTheObjectDecides) {
    ObjectSpec spec = semaphore_spec(1, 4);
    spec.flags = kSignalTokens;
    const Segment segment = make_segment(spec);
    Semaphore semaphore(segment, kMe, nullptr);
    EXPECT_EQ(semaphore.acquire(0), 0);
    EXPECT_EQ(semaphore.held_by_owner()[kMe], 0u);
}

TEST(ChannelLock, IsHeldByOneAndReleasedByThatOne) {
    const Segment segment = make_segment({.kind = Kind::lock});
    Lock mine(segment, kMe, nullptr);
    Lock other(segment, kOther, nullptr);
    EXPECT_EQ(mine.acquire(0), 0);
    EXPECT_EQ(other.acquire(0), -EAGAIN);
    EXPECT_EQ(other.release(), -EPERM);
    EXPECT_EQ(other.holder().owner, kMe);
    EXPECT_EQ(mine.release(), 0);
    EXPECT_EQ(mine.release(), -EPERM);
    EXPECT_EQ(other.acquire(monotonic_now() + 1'000'000), 0);
}

TEST(ChannelLock, TheNextHolderIsToldOnceThatTheLastOneDied) {
    const Segment segment = make_segment({.kind = Kind::lock});
    Lock mine(segment, kMe, nullptr);
    Lock dead(segment, kOther, nullptr);
    EXPECT_EQ(dead.acquire(0), 0);
    std::thread waiter([&] { EXPECT_EQ(mine.acquire(kForever), EOWNERDEAD); });
    recover(segment, kOther, kDeath, nullptr);
    waiter.join();
    EXPECT_EQ(segment.header().last_death.pid.load(), 4711u);
    EXPECT_EQ(segment.header().last_death.wait_status.load(), 9);
    EXPECT_EQ(mine.release(), 0);
    EXPECT_EQ(mine.acquire(0), 0);
}

TEST(ChannelLock, TheDeathOfSomebodyElseChangesNothing) {
    const Segment segment = make_segment({.kind = Kind::lock});
    Lock mine(segment, kMe, nullptr);
    EXPECT_EQ(mine.acquire(0), 0);
    EXPECT_EQ(recover(segment, kOther, kDeath, nullptr).claims, 0u);
    EXPECT_EQ(mine.release(), 0);
    EXPECT_EQ(segment.header().last_death.pid.load(), 0u);
}

class ChannelLocks : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(UnfairAndFair, ChannelLocks, testing::Values(0, kFifo));

TEST_P(ChannelLocks, ProtectWhatTheyProtect) {
    constexpr uint32_t kThreads = 4, kTurns = 10'000;
    const Segment segment = make_segment({.kind = Kind::lock, .flags = GetParam()});
    std::vector<std::thread> threads;
    uint32_t counter = 0;
    for (uint32_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            Lock lock(segment, i + 1, nullptr);
            for (uint32_t turn = 0; turn < kTurns; ++turn) {
                EXPECT_EQ(lock.acquire(kForever), 0);
                ++counter;
                EXPECT_EQ(lock.release(), 0);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter, kThreads * kTurns);
}

class ChannelFifoLock : public testing::Test {
  protected:
    const Segment segment_ = make_segment({.kind = Kind::lock, .flags = kFifo});
    Lock mine_{segment_, kMe, nullptr};
    Lock other_{segment_, kOther, nullptr};

    void wait_for_waiters(OwnerId owner, uint32_t count) {
        while (segment_.owner(owner).waiting.load() != count) std::this_thread::yield();
    }
};

TEST_F(ChannelFifoLock, IsHeldByOneAndReleasedByThatOne) {
    for (int lap = 0; lap < 10'000; ++lap) {
        ASSERT_EQ(mine_.acquire(0), 0);
        ASSERT_EQ(other_.acquire(0), -EAGAIN);
        ASSERT_EQ(other_.release(), -EPERM);
        ASSERT_EQ(mine_.release(), 0);
    }
    EXPECT_EQ(mine_.release(), -EPERM);
}

TEST_F(ChannelFifoLock, IsGivenInTheOrderOfAsking) {
    ASSERT_EQ(mine_.acquire(0), 0);
    std::vector<OwnerId> order;
    std::vector<std::thread> askers;
    for (OwnerId owner = 10; owner < 18; ++owner) {
        askers.emplace_back([this, owner, &order] {
            Lock lock(segment_, owner, nullptr);
            EXPECT_EQ(lock.acquire(kForever), 0);
            order.push_back(owner);
            EXPECT_EQ(lock.release(), 0);
        });
        wait_for_waiters(owner, 1);
    }
    ASSERT_EQ(mine_.release(), 0);
    for (std::thread& asker : askers) asker.join();
    EXPECT_THAT(order, testing::ElementsAre(10, 11, 12, 13, 14, 15, 16, 17));
}

TEST_F(ChannelFifoLock, WhoGivesUpOrDiesIsPassedOver) {
    ASSERT_EQ(other_.acquire(0), 0);
    Lock impatient(segment_, 10, nullptr);
    EXPECT_EQ(impatient.acquire(monotonic_now() + 1'000'000), -ETIMEDOUT);
    std::thread asker([&] { EXPECT_EQ(mine_.acquire(kForever), EOWNERDEAD); });
    wait_for_waiters(kMe, 1);
    recover(segment_, kOther, kDeath, nullptr);
    asker.join();
    EXPECT_EQ(segment_.header().last_death.pid.load(), 4711u);
    EXPECT_EQ(mine_.release(), 0);
    EXPECT_EQ(mine_.acquire(0), 0);
}

TEST(ChannelEvent, WakesAllWhoWaitAndStaysSet) {
    const Segment segment = make_segment({.kind = Kind::event});
    Event event(segment, kMe, nullptr);
    EXPECT_EQ(event.wait(0), -EAGAIN);
    EXPECT_EQ(event.wait(monotonic_now() + 1'000'000), -ETIMEDOUT);
    std::vector<std::thread> waiters;
    for (int i = 0; i < 4; ++i) waiters.emplace_back([&] { EXPECT_EQ(event.wait(kForever), 0); });
    event.set();
    for (std::thread& waiter : waiters) waiter.join();
    EXPECT_EQ(event.wait(0), 0);
    event.clear();
    EXPECT_FALSE(event.is_set());
}

TEST(ChannelEvent, MayBeSetFromTheBeginning) {
    const Segment segment = make_segment({.kind = Kind::event, .value = 1});
    EXPECT_TRUE(Event(segment, kMe, nullptr).is_set());
}

struct CountingBell : Bell {
    std::atomic<int> rung{0};
    void ring() override { ++rung; }
};

TEST(ChannelBell, RingsOnceForEachWish) {
    const Segment segment = make_segment({.kind = Kind::event});
    CountingBell bell;
    Event event(segment, kMe, &bell);
    event.set();
    EXPECT_EQ(bell.rung, 0);
    event.want_bell();
    event.set();
    event.set();
    EXPECT_EQ(bell.rung, 1);
}

TEST(ChannelObjects, RemovedOnesEndWaits) {
    const Segment segment = make_segment(semaphore_spec(0, 1));
    Semaphore semaphore(segment, kMe, nullptr);
    std::thread waiter([&] { EXPECT_EQ(semaphore.acquire(kForever), -EPIPE); });
    segment.header().closed.store(1);
    segment.header().readable.wake_all_surely();
    waiter.join();
}

TEST(ChannelSegment, RefusesWhatIsNone) {
    UniqueFd fd(memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(ftruncate(fd.get(), 1 << 20), 0);
    EXPECT_EQ(Segment::map(fd, true).error().code, EPROTO) << "it could shrink";
    ASSERT_EQ(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    EXPECT_EQ(Segment::map(fd, true).error().code, EPROTO) << "it has no header";
}

TEST(ChannelSegment, IsTheSameForAll) {
    UniqueFd fd;
    Result<Segment> made = Segment::create(queue_spec(4), "test", &fd);
    ASSERT_TRUE(made.ok());
    Result<Segment> mapped = Segment::map(fd, true);
    ASSERT_TRUE(mapped.ok()) << mapped.error().message;
    Queue one(*made, kMe, nullptr);
    Queue two(*mapped, kOther, nullptr);
    put(one, "hello");
    EXPECT_EQ(take(two), "hello");
}

}  // namespace
}  // namespace yard::ipc
