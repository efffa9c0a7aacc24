// Where processes sleep until something in an object changes; the futex that everything that waits is built on.
//
// The word holds a number in its upper bits and, in its lowest, whether anybody may sleep. Whoever goes to sleep sets
// the flag *and* changes the number; a waker that woke nobody clears the flag only while the number is still the one
// that it left. So neither side can be stopped or killed at a point that leaves a sleeper behind a cleared flag, and no
// killed sleeper leaves more behind than one needless system call. (A count of sleepers would leak with each of them.)
//
//   sleeper: key = prepare(); if (nothing to take) sleep(key, deadline)
//   waker:   publish; wake(n)
//
// A process that was woken may die before it takes what it was woken for: the broker wakes all at each death.
#pragma once

#include <climits>
#include <cstdint>

#include "ipc/channel/bell.h"
#include "ipc/channel/shared_word.h"

namespace yard::ipc {

// CLOCK_MONOTONIC, ns.
using Nanoseconds = int64_t;
inline constexpr Nanoseconds kForever = INT64_MAX;
Nanoseconds monotonic_now();
// So much later; kForever where no number would be large enough. REQUIRES: neither is negative.
constexpr Nanoseconds later(Nanoseconds time, Nanoseconds by) {
    return by < kForever - time ? time + by : kForever;
}
inline Nanoseconds time_in(Nanoseconds span) {
    return later(monotonic_now(), span);
}

class EventCount {
  public:
    // Says that the caller is about to sleep. Look again for what to wait for between this and sleep().
    uint32_t prepare() { return announce(word_); }
    // Sleeps until somebody wakes, `until` has come, or a signal was handled. False: `until` has come. Wakes up for
    // nothing at times.
    bool sleep(uint32_t key, Nanoseconds until) const;
    // Call after each change that somebody may wait for. One load when nobody sleeps.
    void wake(int count) {
        if ((word_.load() & kSleepers) != 0) wake_sleepers(count);
    }
    void wake_all() { wake(INT_MAX); }
    // As wake_all, when a waker may have died between its change and its wake.
    void wake_all_surely() { wake_sleepers(INT_MAX); }

    // The same for those who wait by a descriptor (epoll): they say so before they look once more, and after each time
    // that the descriptor was readable. A waker makes it readable if anybody said so; `bell` may be null.
    void want_bell();
    void ring_bell(Bell* bell) {
        if (bell == nullptr) return;
        const uint32_t before = bell_.load();
        if ((before & kSleepers) == 0) return;
        bell->ring();
        bell_.replace(before, before & ~kSleepers);  // not if somebody else has come to sleep
    }

  private:
    static constexpr uint32_t kSleepers = 1;
    static uint32_t announce(SharedWord<uint32_t>& word);
    void wake_sleepers(int count);

    SharedWord<uint32_t> word_;
    SharedWord<uint32_t> bell_;
};

}  // namespace yard::ipc
