// Whoever has an object open may write anything into it. That may spoil the object, and nothing else.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "channel_harness.h"
#include "fuzz/channel_segment.h"

namespace yard::ipc {
namespace {

constexpr OwnerId kMe = 1, kOther = 2;
const Death kDeath{4711, 9};

std::vector<ObjectSpec> all_kinds() {
    ObjectSpec queue = queue_spec(5);
    queue.max_message = 300;
    queue.max_bytes = 1000;
    queue.max_deliveries = 2;
    queue.flags = kPriorities | kDeadLetters;
    return {queue,
            queue_spec(3),
            {.kind = Kind::semaphore, .capacity = 5, .value = 2},
            {.kind = Kind::lock},
            {.kind = Kind::lock, .flags = kFifo},
            {.kind = Kind::event}};
}

// The words that matter: behind the constants of the header, and of the body what is no payload.
std::span<uint64_t> words_of(const Segment& segment) {
    const size_t size = segment.spec().kind == Kind::queue ? QueueLayout(segment.spec()).ranges_begin()
                                                           : body_size(segment.spec());
    return {reinterpret_cast<uint64_t*>(segment.body()), size / 8};
}

// Wild numbers, and such as nearly make sense.
uint64_t spoilt(std::mt19937_64& random, uint64_t before) {
    switch (random() % 6) {
        case 0:
            return 0;
        case 1:
            return ~0ULL;
        case 2:
            return before ^ 1ULL << random() % 64;
        case 3:
            return random() % 8;
        case 4:
            return INT64_MAX;
        default:
            return random();
    }
}

class Hostile : public testing::TestWithParam<ObjectSpec> {};

TEST_P(Hostile, RandomMemoryIsSurvived) {
    constexpr int kSeeds = 40;
    const Segment letters = make_segment(queue_spec(3));
    for (int seed = 0; seed < kSeeds; ++seed) {
        std::mt19937_64 random(static_cast<uint64_t>(seed));
        const Segment segment = make_segment(GetParam());
        for (uint64_t& word : words_of(segment)) {
            if (seed % 2 == 0 || random() % 8 == 0) word = spoilt(random, word);
        }
        use(segment, kMe);
        recover(segment, kMe, kDeath, nullptr);
        recover(segment, kBroker, {}, nullptr);
        if (segment.spec().kind == Kind::queue) move_dead_letters(segment, letters, nullptr);
        use(segment, kOther);
    }
}

// It writes without any order, which is what it is about.
__attribute__((no_sanitize("thread"))) void scribble(const Segment& segment, std::atomic<bool>* over) {
    constexpr int kWrites = 500'000;
    std::mt19937_64 random(1);
    const std::span<uint64_t> words = words_of(segment);
    for (int i = 0; i < kWrites; ++i) {
        volatile uint64_t& word = words[random() % words.size()];
        word = spoilt(random, word);
    }
    *over = true;
}

TEST_P(Hostile, MemoryThatChangesAllTheTimeIsSurvived) {
    const Segment segment = make_segment(GetParam());
    const Segment letters = make_segment(queue_spec(3));
    std::atomic<bool> over = false;
    std::thread scribbler([&] { scribble(segment, &over); });
    while (!over) {
        use(segment, kMe);
        recover(segment, kMe, kDeath, nullptr);
        if (segment.spec().kind == Kind::queue) move_dead_letters(segment, letters, nullptr);
    }
    scribbler.join();
}

INSTANTIATE_TEST_SUITE_P(Channels, Hostile, testing::ValuesIn(all_kinds()),
                         [](const testing::TestParamInfo<ObjectSpec>& kind) {
                             return std::string(kind_name(kind.param.kind)) + std::to_string(kind.index);
                         });

}  // namespace
}  // namespace yard::ipc
