// An atomic word in memory that other processes map too. Everything that is shared and changes is one of these.
//
// All operations are sequentially consistent: each waker looks for sleepers after it published, each sleeper looks for
// what was published after it said that it sleeps, and on x86 that order costs a store nothing that the wake-up check
// would not need anyway. It also makes the interleavings that tests/model explores all that there are.
#pragma once

#include <atomic>
#include <cstdint>

// The explorer of interleavings compiles the algorithms with a scheduling point before each access: YARD_IPC_MODEL is the
// header that defines it. Nobody else has one.
#ifdef YARD_IPC_MODEL
#include YARD_IPC_MODEL
#else
#define YARD_IPC_STEP() static_cast<void>(0)
#endif

namespace yard::ipc {

// Other processes make progress whenever a step has to be taken again, so that a call that was not through after so many
// is one that memory spoilt by somebody leads in circles.
inline constexpr uint32_t kMaxTurns = 1U << 14;

template <typename T>
class SharedWord {
    static_assert(std::atomic<T>::is_always_lock_free);

  public:
    T load() const {
        YARD_IPC_STEP();
        return value_.load();
    }
    void store(T value) {
        YARD_IPC_STEP();
        value_.store(value);
    }
    // For what only hints, or is published by a later operation on another word.
    T peek() const { return value_.load(std::memory_order_relaxed); }
    void put(T value) { value_.store(value, std::memory_order_relaxed); }

    // Replaces `expected` by `desired`; says whether it did.
    bool replace(T expected, T desired) {
        YARD_IPC_STEP();
        return value_.compare_exchange_strong(expected, desired);
    }
    T exchange(T desired) {
        YARD_IPC_STEP();
        return value_.exchange(desired);
    }
    T add(T amount) {
        YARD_IPC_STEP();
        return value_.fetch_add(amount);
    }

    // For futex(2), which takes the address of 32 bits.
    const void* address() const { return &value_; }

  private:
    std::atomic<T> value_;
};

}  // namespace yard::ipc
