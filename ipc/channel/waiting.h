// How a call waits for its turn: it tries, spins a little if that has paid lately, yields, then sleeps.
#pragma once

#include <errno.h>
#include <sched.h>

#include <algorithm>
#include <atomic>

#include "ipc/channel/event_count.h"
#include "ipc/channel/segment.h"

namespace yard::ipc {

// How long spinning pays, learned by doing: where both sides share a core it never does, where each has its own it
// saves two system calls and most of the latency. One for each handle and direction; thread safe.
class SpinBudget {
  public:
#ifdef YARD_IPC_MODEL
    static constexpr uint32_t kMost = 0;  // the explorer of interleavings needs no second look at the same
    static constexpr uint32_t kLeast = 0;
    static constexpr int kYields = 0;
#else
    static constexpr uint32_t kMost = 256;  // more never helped on few cores
    static constexpr uint32_t kLeast = 4;   // enough to notice that it pays again
    static constexpr int kYields = 3;
#endif

    uint32_t turns() const {
        return turns_.load(std::memory_order_relaxed);
    }
    void paid() {
        turns_.store(std::min(kMost, turns() * 2), std::memory_order_relaxed);
    }
    void did_not_pay() {
        turns_.store(std::max(kLeast, turns() / 2), std::memory_order_relaxed);
    }

  private:
    std::atomic<uint32_t> turns_{kMost};
};

inline void pause_cpu() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// CLOCK_BOOTTIME, ns.
int64_t boot_now();

// While it lives, people see that a thread of this process waits.
class WaitingMark {
  public:
    explicit WaitingMark(OwnerRecord& record) : record_(record) {
        if (record_.waiting.add(1) == 0) record_.waiting_since_ns.store(boot_now());
    }
    ~WaitingMark() { record_.waiting.add(static_cast<uint32_t>(-1)); }
    WaitingMark(const WaitingMark&) = delete;

  private:
    OwnerRecord& record_;
};

// Calls `attempt()` until it gives something else than -EAGAIN, or `until` has come: then -ETIMEDOUT, or -EAGAIN when
// `until` is 0. `due()` says when to try again even if nobody wakes (kForever: never). A signal does not end a wait.
template <typename Attempt, typename Due>
auto wait_until(EventCount& event, OwnerRecord& record, SpinBudget& budget, Nanoseconds until,
                Attempt attempt, Due due) -> decltype(attempt()) {
    auto result = attempt();
    if (result != -EAGAIN || until == 0) return result;
    for (uint32_t i = budget.turns(); i > 0; --i) {
        pause_cpu();
        if (result = attempt(); result != -EAGAIN) {
            budget.paid();
            return result;
        }
    }
    budget.did_not_pay();
    for (int i = 0; i < SpinBudget::kYields; ++i) {
        sched_yield();
        if (result = attempt(); result != -EAGAIN) return result;
    }
    const WaitingMark mark(record);
    for (;;) {
        const uint32_t key = event.prepare();
        if (result = attempt(); result != -EAGAIN) return result;
        event.sleep(key, std::min<Nanoseconds>(until, due()));
        if (until != kForever && monotonic_now() >= until) {
            result = attempt();
            return result == -EAGAIN ? -ETIMEDOUT : result;
        }
    }
}

}  // namespace yard::ipc
