// A queue in shared memory: bounded, of messages of any size, for any number of producers and consumers, that is whole
// and usable whatever instruction any of them is killed or stopped at. ALGORITHM.md has the states, and why it is so.
//
// Results are 0 or a count, or -errno: EAGAIN (full, empty; `until` was 0 or the policy is to fail), ETIMEDOUT, EPIPE
// (closed), EMSGSIZE, EINVAL, ESTALE (no lease of ours, or no longer), EUCLEAN (somebody spoilt the memory).
// `until` is a time of CLOCK_MONOTONIC; 0 tries, kForever waits. Thread safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ipc/channel/bell.h"
#include "ipc/channel/queue_core.h"
#include "ipc/channel/waiting.h"

namespace yard::ipc {

struct PutOptions {
    uint32_t priority = 0;  // 0-7, the highest first; only of a queue with priorities
    Nanoseconds delay = 0;  // nobody gets it before
    Nanoseconds ttl = 0;    // nobody gets it after; 0: as the queue says
};

// A message that is the caller's: to fill (loan) or to work on (lease).
struct Message {
    uint64_t id = 0;  // for commit, cancel; for ack, nack
    std::byte* data = nullptr;
    size_t size = 0;
    uint32_t priority = 0;
    uint32_t deliveries = 0;  // this one included; of a lease
};

class Queue {
  public:
    // `segment`, which must be of a queue, and `bell` (may be null) must outlive it. `me` is the caller's owner slot.
    Queue(const Segment& segment, OwnerId me, Bell* bell) : core_(segment, me, bell) {}

    int put(std::span<const std::byte> bytes, const PutOptions& options, Nanoseconds until);
    // As many as there is room for, at least one (waiting for that as put does); the number.
    int put_many(std::span<const std::span<const std::byte>> messages, const PutOptions& options,
                 Nanoseconds until);

    // Space for a message of up to `size` bytes; then commit or cancel it, from any thread of this process.
    int loan(size_t size, const PutOptions& options, Nanoseconds until, Message* message);
    int commit(const Message& message, size_t size, const PutOptions& options);
    int cancel(const Message& message);

    // Takes a message for good; its size, which may be 0. EMSGSIZE when it is larger than `capacity`: it stays, and
    // *size says how large it is.
    ptrdiff_t take(void* buffer, size_t capacity, Nanoseconds until, size_t* size = nullptr);
    // Takes a message to work on: it comes back when this process dies, at nack, or after `limit` (0: never).
    int lease(Message* message, size_t capacity, Nanoseconds until, Nanoseconds limit = 0);
    int ack(uint64_t id);
    // Gives it back: to be delivered again after `delay`, or as a dead letter when that was its last delivery.
    int nack(uint64_t id, Nanoseconds delay);

    // Copies the first message, up to `capacity` bytes of it, and leaves it there; its whole size.
    ptrdiff_t peek(void* buffer, size_t capacity);

    // For whoever waits with epoll: the bell rings when there is something to take. Call before looking once more.
    void want_bell() { core_.header().readable.want_bell(); }
    // When to look again even if the bell is silent, for the sake of delayed messages; kForever: never.
    Nanoseconds next_due() const { return core_.next_due(); }

    // No more puts; what is there can be taken.
    void close();
    // Removes what is queued or delayed; how many those were.
    uint32_t purge();
    QueueCounts counts() const { return core_.counts(); }
    // Every message was taken and acknowledged, and no loan is open; dead letters may be left.
    bool is_idle() const { return core_.is_idle(); }
    // puts, gets and queued alone, which is quick.
    QueueCounts traffic() const { return core_.traffic(); }
    // Dead letters came into being by a call of ours since the last time: the broker should hear of it.
    bool take_settle_wish() { return core_.take_settle_wish(); }

  private:
    int check(size_t size, const PutOptions& options) const;
    int claim(size_t size, Nanoseconds until);
    int claim_or_make_room(size_t size);
    bool drop_one();
    void describe(uint32_t index, size_t size, const PutOptions& options);
    int send(uint32_t index, const PutOptions& options);
    int take_index(size_t capacity, Nanoseconds until, size_t* size);
    // What a lease or loan id names, if it is ours and in that state.
    bool find(uint64_t id, MessageState state, uint32_t* index, MessageWord* word) const;

    QueueCore core_;
    SpinBudget put_spin_, take_spin_;
};

}  // namespace yard::ipc
