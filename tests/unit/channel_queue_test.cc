#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "channel_harness.h"

namespace yard::ipc {
namespace {

constexpr OwnerId kMe = 1, kOther = 2;
const Death kDeath{4711, 9};

TEST(ChannelQueue, GivesMessagesInTheOrderTheyCame) {
    const Segment segment = make_segment(queue_spec(3));
    Queue queue(segment, kMe, nullptr);
    EXPECT_EQ(take(queue), "-EAGAIN");
    for (int lap = 0; lap < 10; ++lap) {
        EXPECT_EQ(put(queue, "a"), 0);
        EXPECT_EQ(put(queue, ""), 0);
        EXPECT_EQ(put(queue, "ccc"), 0);
        EXPECT_EQ(put(queue, "d"), -EAGAIN);
        EXPECT_EQ(take(queue), "a");
        EXPECT_EQ(take(queue), "");
        EXPECT_EQ(take(queue), "ccc");
        EXPECT_EQ(take(queue), "-EAGAIN");
    }
}

TEST(ChannelQueue, LeasedMessagesCountAgainstTheCapacityUntilTheyAreAcknowledged) {
    const Segment segment = make_segment(queue_spec(1));
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    uint64_t id = 0;
    EXPECT_EQ(lease(queue, &id), "a");
    EXPECT_EQ(put(queue, "b"), -EAGAIN);
    EXPECT_EQ(queue.ack(id), 0);
    EXPECT_EQ(queue.ack(id), -ESTALE);
    EXPECT_EQ(put(queue, "b"), 0);
}

// A queue of large messages that was full once keeps only so much memory, even if one of them ended last of all.
TEST(ChannelQueue, ThePagesOfLargeMessagesGoBackWhenItHasRunEmpty) {
    constexpr size_t kLarge = 16 << 20, kKept = 64 << 20;
    UniqueFd fd;
    const Result<Segment> segment =
        Segment::create({.kind = Kind::queue, .capacity = 8, .max_message = kLarge}, "test", &fd);
    ASSERT_TRUE(segment.ok());
    const auto pages = [&] {
        struct stat facts {};
        fstat(fd.get(), &facts);
        return static_cast<size_t>(facts.st_blocks) * 512;
    };
    Queue queue(*segment, kMe, nullptr);
    const std::string large(kLarge, 'x');
    for (int i = 0; i < 8; ++i) ASSERT_EQ(put(queue, large), 0);
    EXPECT_GT(pages(), 8 * kLarge);
    std::vector<Message> leased(8);
    for (Message& message : leased) ASSERT_EQ(queue.lease(&message, kLarge, 0), 0);
    for (const Message& message : leased) ASSERT_EQ(queue.ack(message.id), 0);
    EXPECT_LT(pages(), kKept + kLarge / 2);
}

TEST(ChannelQueue, AMessageThatIsGivenBackComesBeforeNewOnes) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    put(queue, "b");
    uint64_t id = 0;
    EXPECT_EQ(lease(queue, &id), "a");
    EXPECT_EQ(queue.nack(id, 0), 0);
    EXPECT_EQ(queue.nack(id, 0), -ESTALE);
    Message again;
    ASSERT_EQ(queue.lease(&again, 64, 0), 0);
    EXPECT_EQ(again.deliveries, 2u);
    EXPECT_EQ(queue.ack(again.id), 0);
    EXPECT_EQ(take(queue), "b");
}

TEST(ChannelQueue, ALeaseOfADeadOwnerIsDeliveredAgainAndItsHalfMadePutNever) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    Queue dead(segment, kOther, nullptr);
    put(queue, "work");
    uint64_t id = 0;
    EXPECT_EQ(lease(dead, &id), "work");
    Message half;
    ASSERT_EQ(dead.loan(8, {}, 0, &half), 0);
    put(dead, "whole");
    recover(segment, kOther, kDeath, nullptr);
    Message again;
    ASSERT_EQ(queue.lease(&again, 64, 0), 0);
    EXPECT_EQ(std::string_view(reinterpret_cast<char*>(again.data), again.size), "work");
    EXPECT_EQ(again.deliveries, 2u);
    EXPECT_EQ(queue.ack(again.id), 0);
    EXPECT_EQ(take(queue), "whole");
    EXPECT_EQ(take(queue), "-EAGAIN");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(put(queue, "x"), 0);
}

// A word has 44 bits for a place, which are used up after half a year of a million messages a second.
TEST(ChannelQueue, AMessageOfTheDeadIsKeptAfterHoweverMany) {
    const ObjectSpec spec = queue_spec(4);
    const Segment segment = make_segment(spec);
    const QueueLayout layout(spec);
    constexpr uint64_t kPlace = (1ULL << 44) + 4;
    auto* const rings = reinterpret_cast<RingCursors*>(segment.body() + layout.cursors_begin());
    auto* const cells = reinterpret_cast<SharedWord<uint64_t>*>(segment.body() + layout.cells_begin());
    rings[1].head.store(kPlace);
    rings[1].tail.store(kPlace);
    for (uint32_t i = 0; i < layout.cells; ++i)
        cells[layout.cells + i].store(Cell{kPlace >> layout.lap_shift, 0}.packed());
    Queue queue(segment, kMe, nullptr), dead(segment, kOther, nullptr);
    ASSERT_EQ(put(dead, "kept"), 0);
    recover(segment, kOther, kDeath, nullptr);
    EXPECT_EQ(take(queue), "kept");
}

TEST(ChannelQueue, RecoveryTwiceIsAsOnce) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    Queue dead(segment, kOther, nullptr);
    put(queue, "a");
    uint64_t id = 0;
    lease(dead, &id);
    EXPECT_EQ(recover(segment, kOther, kDeath, nullptr).claims, 1u);
    EXPECT_EQ(recover(segment, kOther, kDeath, nullptr).claims, 0u);
    recover(segment, kBroker, {}, nullptr);
    EXPECT_EQ(take(queue), "a");
    EXPECT_EQ(take(queue), "-EAGAIN");
}

TEST(ChannelQueue, HighPrioritiesComeFirst) {
    ObjectSpec spec = queue_spec(8);
    EXPECT_EQ(-EINVAL, [&] {
        const Segment fifo = make_segment(spec);
        Queue queue(fifo, kMe, nullptr);
        return put(queue, "x", {.priority = 1});
    }());
    spec.flags = kPriorities;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    put(queue, "low", {.priority = 0});
    put(queue, "high", {.priority = 7});
    put(queue, "high too", {.priority = 7});
    put(queue, "middle", {.priority = 3});
    EXPECT_EQ(take(queue), "high");
    EXPECT_EQ(take(queue), "high too");
    EXPECT_EQ(take(queue), "middle");
    EXPECT_EQ(take(queue), "low");
}

TEST(ChannelQueue, BytesAreLimitedToo) {
    ObjectSpec spec = queue_spec(8);
    spec.max_bytes = 100;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    const std::string sixty(60, 'x');
    EXPECT_EQ(put(queue, sixty), 0);
    EXPECT_EQ(put(queue, sixty), -EAGAIN);
    EXPECT_EQ(put(queue, std::string(40, 'y')), 0);
    EXPECT_EQ(queue.counts().bytes, 100u);
    EXPECT_EQ(put(queue, "z"), -EAGAIN);
    EXPECT_EQ(take(queue), sixty);
    EXPECT_EQ(put(queue, sixty), 0);
    EXPECT_EQ(queue.purge(), 2u);
    EXPECT_EQ(queue.counts().bytes, 0u);
}

TEST(ChannelQueue, BytesOfTheDeadAreGivenBack) {
    ObjectSpec spec = queue_spec(8);
    spec.max_bytes = 100;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    Queue dead(segment, kOther, nullptr);
    Message half;
    ASSERT_EQ(dead.loan(64, {}, 0, &half), 0);
    EXPECT_EQ(put(queue, std::string(60, 'x')), -EAGAIN);
    recover(segment, kOther, kDeath, nullptr);
    EXPECT_EQ(queue.counts().bytes, 0u);
    EXPECT_EQ(put(queue, std::string(60, 'x')), 0);
}

TEST(ChannelQueue, LargeMessagesLieApartAndAreTheSame) {
    ObjectSpec spec = queue_spec(4);
    spec.max_message = 100'000;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    const std::string large(100'000, 'L');
    EXPECT_EQ(put(queue, large), 0);
    EXPECT_EQ(put(queue, "small"), 0);
    EXPECT_EQ(put(queue, large + "x"), -EMSGSIZE);
    char small[10];
    size_t size = 0;
    EXPECT_EQ(queue.take(small, sizeof small, 0, &size), -EMSGSIZE);
    EXPECT_EQ(size, large.size());
    EXPECT_EQ(take(queue), large);
    EXPECT_EQ(take(queue), "small");
}

TEST(ChannelQueue, ALoanIsFilledInPlaceAndMayShrink) {
    ObjectSpec spec = queue_spec(4);
    spec.max_message = 5000;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    for (const size_t size : {5000u, 3u}) {
        Message message;
        ASSERT_EQ(queue.loan(5000, {}, 0, &message), 0);
        std::memset(message.data, 'x', size);
        EXPECT_EQ(queue.counts().queued, 0u);
        EXPECT_EQ(queue.commit(message, size, {}), 0);
        EXPECT_EQ(queue.commit(message, size, {}), -ESTALE);
        EXPECT_EQ(take(queue), std::string(size, 'x'));
    }
    Message message;
    ASSERT_EQ(queue.loan(10, {}, 0, &message), 0);
    EXPECT_EQ(queue.cancel(message), 0);
    EXPECT_EQ(take(queue), "-EAGAIN");
}

TEST(ChannelQueue, WhatHasExpiredIsNotDelivered) {
    const Segment segment = make_segment(queue_spec(2));
    Queue queue(segment, kMe, nullptr);
    put(queue, "old", {.ttl = 1});
    put(queue, "new");
    EXPECT_EQ(put(queue, "newer"), 0) << "a full queue looks for what has expired";
    EXPECT_EQ(take(queue), "new");
    EXPECT_EQ(take(queue), "newer");
    EXPECT_EQ(queue.counts().expired, 1u);
}

TEST(ChannelQueue, ADelayedMessageComesWhenItsTimeHasCome) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    put(queue, "later", {.delay = 3'600'000'000'000});
    put(queue, "now");
    EXPECT_EQ(take(queue), "now");
    EXPECT_EQ(take(queue), "-EAGAIN");
    EXPECT_EQ(queue.counts().delayed, 1u);
    EXPECT_NE(queue.next_due(), kForever);
    put(queue, "soon", {.delay = 1'000'000});
    char buffer[16];
    EXPECT_EQ(queue.take(buffer, sizeof buffer, kForever), 4);
    EXPECT_EQ(queue.counts().delayed, 1u);
    EXPECT_EQ(queue.purge(), 1u);
    EXPECT_EQ(queue.take(buffer, sizeof buffer, 0), -EAGAIN);
}

TEST(ChannelQueue, WhoLooksForWhatIsDueNoticesThousandsThatAreNotedMeanwhile) {
    const Segment segment = make_segment(queue_spec(4));
    QueueCore steps(segment, kMe, nullptr);
    const Nanoseconds due = time_in(1'000'000'000);
    steps.note_due(due);
    const int64_t noted = steps.head().next_due.load();
    for (int i = 0; i < 10'000; ++i) {
        steps.note_due(due);
        ASSERT_NE(steps.head().next_due.load(), noted) << i;
    }
    EXPECT_GE(steps.next_due(), due);
    EXPECT_LT(steps.next_due(), due + 100'000);
}

TEST(ChannelQueue, ANackMayDelay) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    uint64_t id = 0;
    lease(queue, &id);
    EXPECT_EQ(queue.nack(id, 1'000'000), 0);
    char buffer[16];
    EXPECT_EQ(queue.take(buffer, sizeof buffer, kForever), 1);
}

TEST(ChannelQueue, ALeaseWithALimitEndsByItself) {
    const Segment segment = make_segment(queue_spec(4));
    Queue slow(segment, kOther, nullptr);
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    Message message;
    ASSERT_EQ(slow.lease(&message, 64, 0, 1'000'000), 0);
    Message again;
    ASSERT_EQ(queue.lease(&again, 64, kForever), 0);
    EXPECT_EQ(again.deliveries, 2u);
    EXPECT_EQ(slow.ack(message.id), -ESTALE);
    EXPECT_EQ(queue.ack(again.id), 0);
}

TEST(ChannelQueue, TimesBeyondAllNumbersAreForEver) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, 1, nullptr);
    ASSERT_EQ(put(queue, "kept", {.ttl = INT64_MAX}), 0);
    Message message;
    ASSERT_EQ(queue.lease(&message, 64, 0, INT64_MAX), 0);
    EXPECT_EQ(take(queue), "-EAGAIN") << "the lease has not ended";
    ASSERT_EQ(queue.nack(message.id, INT64_MAX), 0);
    ASSERT_EQ(put(queue, "late", {.delay = INT64_MAX, .ttl = INT64_MAX}), 0);
    EXPECT_EQ(take(queue), "-EAGAIN");
    EXPECT_EQ(queue.counts().delayed, 2u);
}

TEST(ChannelQueue, ADelayIsKeptHoweverLongTheMachineHasBeenUp) {
    constexpr Nanoseconds kDay = 86'400LL * 1'000'000'000;
    for (const Nanoseconds due : {Nanoseconds{1}, 209 * kDay + 1, 30 * 365 * kDay}) {
        const MessageWord word{MessageState::delayed, 0, kBroker, MessageWord::due_ticket(due)};
        EXPECT_GE(MessageWord::of(word.packed()).due_ns(), due);
        EXPECT_LT(MessageWord::of(word.packed()).due_ns(), due + 100'000);
    }
}

TEST(ChannelQueue, PoliciesWhenFull) {
    for (const FullPolicy policy : {FullPolicy::fail, FullPolicy::drop_oldest, FullPolicy::drop_newest}) {
        ObjectSpec spec = queue_spec(2);
        spec.full_policy = static_cast<uint32_t>(policy);
        const Segment segment = make_segment(spec);
        Queue queue(segment, kMe, nullptr);
        put(queue, "a");
        put(queue, "b");
        EXPECT_EQ(queue.put(bytes_of("c"), {}, kForever), policy == FullPolicy::fail ? -EAGAIN : 0);
        EXPECT_EQ(take(queue), policy == FullPolicy::drop_oldest ? "b" : "a");
        EXPECT_EQ(take(queue), policy == FullPolicy::drop_oldest ? "c" : "b");
        EXPECT_EQ(take(queue), "-EAGAIN");
    }
}

TEST(ChannelQueue, DropOldestFailsWhenAllAreLeased) {
    ObjectSpec spec = queue_spec(1);
    spec.full_policy = static_cast<uint32_t>(FullPolicy::drop_oldest);
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    uint64_t id = 0;
    lease(queue, &id);
    EXPECT_EQ(put(queue, "b"), -EAGAIN);
}

TEST(ChannelQueue, AfterCloseTheRestCanBeTaken) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    put(queue, "a");
    queue.close();
    EXPECT_EQ(put(queue, "b"), -EPIPE);
    EXPECT_EQ(take(queue), "a");
    EXPECT_EQ(take(queue), "-EPIPE");
}

TEST(ChannelQueue, AfterCloseALeaseThatHasEndedIsNotWaitedForUntilItsLimit) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, 1, nullptr);
    put(queue, "work");
    Message message;
    ASSERT_EQ(queue.lease(&message, 64, 0, 3'600'000'000'000), 0);
    queue.close();
    EXPECT_EQ(take(queue), "-EAGAIN") << "it may come back";
    EventCount& readable = segment.header().readable;
    const uint32_t key = readable.prepare();
    ASSERT_EQ(queue.ack(message.id), 0);
    EXPECT_TRUE(readable.sleep(key, monotonic_now())) << "who waits for it is woken";
    EXPECT_EQ(take(queue), "-EPIPE");
}

TEST(ChannelQueue, IsNotIdleWhileAMessageIsOnItsWayBackOrBeingMade) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, 1, nullptr);
    QueueCore steps(segment, 2, nullptr);
    EXPECT_TRUE(queue.is_idle());
    const int index = steps.claim(4);
    EXPECT_FALSE(queue.is_idle());
    const MessageWord failing{MessageState::failing, 1, 2, 7};
    steps.descriptor(static_cast<uint32_t>(index)).word.store(failing.packed());
    EXPECT_FALSE(queue.is_idle()) << "its consumer was stopped in the middle of giving it back";
    steps.release(static_cast<uint32_t>(index));
    EXPECT_TRUE(queue.is_idle());
}

TEST(ChannelQueue, AMessageThatDiesWakesWhoWaitsForTheEndOfTheWork) {
    ObjectSpec spec = queue_spec(4);
    spec.max_deliveries = 1;
    spec.flags = kDeadLetters;
    const Segment segment = make_segment(spec);
    Queue queue(segment, 1, nullptr);
    put(queue, "work");
    uint64_t id = 0;
    lease(queue, &id);
    EventCount& room = segment.header().writable;
    const uint32_t key = room.prepare();
    ASSERT_EQ(queue.nack(id, 0), 0);
    EXPECT_TRUE(room.sleep(key, monotonic_now()));
    EXPECT_TRUE(queue.is_idle());
}

TEST(ChannelQueue, PeekLeavesTheMessage) {
    const Segment segment = make_segment(queue_spec(4));
    Queue queue(segment, kMe, nullptr);
    char buffer[2];
    EXPECT_EQ(queue.peek(buffer, sizeof buffer), -EAGAIN);
    put(queue, "abc");
    EXPECT_EQ(queue.peek(buffer, sizeof buffer), 3);
    EXPECT_EQ(std::string(buffer, 2), "ab");
    EXPECT_EQ(take(queue), "abc");
}

TEST(ChannelQueue, AWaitEndsAtItsTime) {
    const Segment segment = make_segment(queue_spec(1));
    Queue queue(segment, kMe, nullptr);
    char buffer[2];
    EXPECT_EQ(queue.take(buffer, sizeof buffer, monotonic_now() + 1'000'000), -ETIMEDOUT);
    put(queue, "a");
    EXPECT_EQ(queue.put(bytes_of("b"), {}, monotonic_now() + 1'000'000), -ETIMEDOUT);
}

class DeadLetters : public testing::Test {
  protected:
    static ObjectSpec source() {
        ObjectSpec spec = queue_spec(4);
        spec.max_deliveries = 2;
        spec.flags = kDeadLetters;
        return spec;
    }
    void fail_twice(const char* text) {
        put(queue_, text);
        for (int i = 0; i < 2; ++i) {
            uint64_t id = 0;
            lease(queue_, &id);
            EXPECT_EQ(queue_.nack(id, 0), 0);
        }
    }
    const Segment from_ = make_segment(source());
    const Segment to_ = make_segment(queue_spec(1));
    Queue queue_{from_, kMe, nullptr};
    Queue letters_{to_, kMe, nullptr};
};

TEST_F(DeadLetters, AreMovedAsFarAsThereIsRoom) {
    fail_twice("bad");
    fail_twice("worse");
    EXPECT_TRUE(queue_.take_settle_wish());
    EXPECT_EQ(take(queue_), "-EAGAIN");
    EXPECT_EQ(queue_.counts().dead, 2u);
    EXPECT_EQ(move_dead_letters(from_, to_, nullptr).left, 1u);
    EXPECT_EQ(take(letters_), "bad");
    EXPECT_EQ(move_dead_letters(from_, to_, nullptr).left, 0u);
    EXPECT_EQ(take(letters_), "worse");
}

TEST(ChannelQueue, ManyLargeDeadLettersTakeSeveralTurns) {
    constexpr uint32_t kLetters = 40;
    ObjectSpec spec = queue_spec(kLetters);
    spec.max_message = 1 << 20;
    const Segment to = make_segment(spec);
    spec.max_deliveries = 1;
    spec.flags = kDeadLetters;
    const Segment from = make_segment(spec);
    Queue queue(from, kMe, nullptr), letters(to, kMe, nullptr);
    const std::string large(1 << 20, 'x');
    for (uint32_t i = 0; i < kLetters; ++i) {
        put(queue, large);
        uint64_t id = 0;
        lease(queue, &id);
        queue.nack(id, 0);
    }
    Settled settled = move_dead_letters(from, to, nullptr);
    EXPECT_TRUE(settled.is_cut);
    EXPECT_EQ(letters.counts().queued + settled.left, kLetters);
    for (int turns = 1; settled.left > 0; ++turns) {
        ASSERT_LT(turns, 10);
        settled = move_dead_letters(from, to, nullptr);
    }
    EXPECT_FALSE(settled.is_cut);
    EXPECT_EQ(letters.counts().queued, kLetters);
}

TEST_F(DeadLetters, OfAQueueWithoutAPlaceForThemAreDropped) {
    ObjectSpec spec = source();
    spec.flags = 0;
    const Segment segment = make_segment(spec);
    Queue queue(segment, kMe, nullptr);
    put(queue, "bad");
    for (int i = 0; i < 2; ++i) {
        uint64_t id = 0;
        lease(queue, &id);
        queue.nack(id, 0);
    }
    EXPECT_EQ(take(queue), "-EAGAIN");
    EXPECT_EQ(queue.counts().dead_lettered, 1u);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(put(queue, "x"), 0);
}

TEST(ChannelQueue, ManyThreadsOfSeveralOwnersLoseAndDoubleNothing) {
    constexpr int kSides = 3, kEach = 20'000;
    ObjectSpec spec = queue_spec(16);
    spec.max_bytes = 128;
    const Segment segment = make_segment(spec);
    std::vector<std::vector<uint32_t>> taken(kSides);
    std::vector<std::thread> threads;
    for (uint32_t side = 0; side < kSides; ++side) {
        threads.emplace_back([&, side] {
            Queue queue(segment, side + 1, nullptr);
            for (uint32_t i = 0; i < kEach; ++i) {
                const uint32_t value = side * kEach + i;
                EXPECT_EQ(queue.put(std::as_bytes(std::span(&value, 1)), {}, kForever), 0);
            }
        });
        threads.emplace_back([&, side] {
            Queue queue(segment, side + 10, nullptr);
            for (uint32_t value; queue.take(&value, sizeof value, kForever) == sizeof value;)
                taken[side].push_back(value);
        });
    }
    for (size_t i = 0; i < threads.size(); i += 2) threads[i].join();
    Queue(segment, kMe, nullptr).close();
    std::vector<uint32_t> all;
    for (size_t i = 0; i < kSides; ++i) {
        threads[2 * i + 1].join();
        all.insert(all.end(), taken[i].begin(), taken[i].end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), size_t{kSides} * kEach);
    for (uint32_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
}

}  // namespace
}  // namespace yard::ipc
