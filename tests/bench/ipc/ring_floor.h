// The floor of queues: a bounded ring of fixed cells for many producers and consumers (D. Vyukov's), with a futex when it
// is empty or full. It keeps no leases, takes messages of one size, and hangs when a user is killed.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>

namespace yard::bench {

class RingFloor {
  public:
    static constexpr uint32_t kCells = 1024;
    static constexpr uint32_t kBytes = 64;

    void initialise() {
        for (uint32_t i = 0; i < kCells; ++i) cells_[i].turn.store(i);
    }
    void put(const void* bytes) {
        wait(writable_, [&] { return try_put(bytes); });
        wake(readable_);
    }
    void take(void* bytes) {
        wait(readable_, [&] { return try_take(bytes); });
        wake(writable_);
    }

  private:
    struct alignas(64) Cell {
        std::atomic<uint64_t> turn;
        char bytes[kBytes];
    };
    struct alignas(64) Gate {
        std::atomic<uint32_t> number, sleepers;
    };

    bool try_put(const void* bytes) {
        for (uint64_t at = tail_.load(std::memory_order_relaxed);;) {
            Cell& cell = cells_[at % kCells];
            const auto ahead = static_cast<int64_t>(cell.turn.load(std::memory_order_acquire) - at);
            if (ahead < 0) return false;
            if (ahead > 0) {
                at = tail_.load(std::memory_order_relaxed);
            } else if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
                std::memcpy(cell.bytes, bytes, kBytes);
                cell.turn.store(at + 1, std::memory_order_release);
                return true;
            }
        }
    }
    bool try_take(void* bytes) {
        for (uint64_t at = head_.load(std::memory_order_relaxed);;) {
            Cell& cell = cells_[at % kCells];
            const auto ahead = static_cast<int64_t>(cell.turn.load(std::memory_order_acquire) - (at + 1));
            if (ahead < 0) return false;
            if (ahead > 0) {
                at = head_.load(std::memory_order_relaxed);
            } else if (head_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
                std::memcpy(bytes, cell.bytes, kBytes);
                cell.turn.store(at + kCells, std::memory_order_release);
                return true;
            }
        }
    }
    template <typename Try>
    static void wait(Gate& gate, Try attempt) {
        for (int i = 0; i < 300; ++i) {
            if (attempt()) return;
            __builtin_ia32_pause();
        }
        for (;;) {
            const uint32_t number = gate.number.load();
            gate.sleepers.fetch_add(1);
            const bool done = attempt();
            if (!done) syscall(SYS_futex, &gate.number, FUTEX_WAIT, number, nullptr, nullptr, 0);
            gate.sleepers.fetch_sub(1);
            if (done) return;
        }
    }
    static void wake(Gate& gate) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (gate.sleepers.load(std::memory_order_relaxed) == 0) return;
        gate.number.fetch_add(1);
        syscall(SYS_futex, &gate.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }

    alignas(64) std::atomic<uint64_t> tail_;
    alignas(64) std::atomic<uint64_t> head_;
    Gate readable_, writable_;
    Cell cells_[kCells];
};

}  // namespace yard::bench
