#include "ipc/channel/event_count.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace yard::ipc {

Nanoseconds monotonic_now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

uint32_t EventCount::announce(SharedWord<uint32_t>& word) {
    for (;;) {
        const uint32_t before = word.load();
        const uint32_t after = (before + 2) | kSleepers;
        if (word.replace(before, after)) return after;
    }
}

void EventCount::want_bell() {
    announce(bell_);
}

bool EventCount::sleep(uint32_t key, Nanoseconds until) const {
    timespec deadline{until / 1'000'000'000, until % 1'000'000'000};
    YARD_IPC_STEP();
    // The time is absolute with FUTEX_WAIT_BITSET, so that a signal does not make the wait longer.
    const long result = syscall(SYS_futex, word_.address(), FUTEX_WAIT_BITSET, key,
                                until == kForever ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
    return result == 0 || errno != ETIMEDOUT;
}

void EventCount::wake_sleepers(int count) {
    const uint32_t after = word_.add(2) + 2;
    YARD_IPC_STEP();
    const long woken = syscall(SYS_futex, word_.address(), FUTEX_WAKE, count, nullptr, nullptr, 0);
    // A kernel that refuses has told nothing about sleepers.
    if (woken == 0) word_.replace(after, after & ~kSleepers);
}

}  // namespace yard::ipc
