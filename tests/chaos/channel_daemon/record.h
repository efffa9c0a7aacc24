// What the clients of the chaos put on record, in a mapped file that outlives each of them. test_channel_daemon.py reads the
// words in front of `known_ends`.
#pragma once

#include <atomic>
#include <cstdint>

namespace chaos {

inline constexpr uint32_t kWorkers = 16;
inline constexpr uint64_t kMostMessages = 1 << 28;
inline constexpr uint64_t kMostEnds = 1 << 16;

// Of each message, by its number: bits, and above them the highest delivery count that was seen.
enum Fate : uint8_t { kPut = 1, kAcked = 2, kBuried = 4, kCountShift = 4 };

struct Worker {
    std::atomic<uint64_t> turns;   // messages put or ended, locks or permits held
    std::atomic<uint64_t> pid;     // of its present process
    std::atomic<uint64_t> ending;  // 1 + the message that it is about to acknowledge; 0: none
    std::atomic<uint64_t> nacks;   // that returned
    std::atomic<uint64_t> permit;  // its pid and turn, while it has one
};

struct Record {
    std::atomic<uint64_t> over;  // producers are to end
    // Nothing is refused for good: without an engine nobody takes dead letters away.
    std::atomic<uint64_t> without_engine;
    std::atomic<uint64_t> next;  // message
    char wrong[240];             // what somebody saw that must not be
    Worker workers[kWorkers];

    // What the lock protects. Whoever holds it makes `left` and `right` unequal for a while.
    std::atomic<uint64_t> inside, left, right;
    // Messages that somebody was about to acknowledge, or had acknowledged, when it was killed.
    std::atomic<uint64_t> known_ends, ends[kMostEnds];
    std::atomic<uint8_t> fates[kMostMessages];
};

}  // namespace chaos
