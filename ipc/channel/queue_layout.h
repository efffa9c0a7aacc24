// Where everything of a queue lies, and what its words say. ALGORITHM.md explains why; this is the only place that
// knows the bits.
//
// Body: QueueHead, the cursors of the rings, the rings' cells, the descriptors, the ranges of large messages.
// All of it starts as zeros, so that creating a queue touches no page.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ipc/channel/segment.h"

namespace yard::ipc {

// What a message descriptor is doing. Those with an owner go back to where they came from when it dies.
enum class MessageState : uint32_t {
    free,     // nobody's
    writing,  // its owner fills it; nobody else knows of it
    publishing,  // it is at `ticket` of `ring` if the cell there says so; if not, its owner is about to put it there
    leased,     // its owner works on it; it was taken from there
    failing,    // the lease has failed; its owner counts that
    returning,  // as publishing, of a message that must not be lost if its owner dies
    delayed,    // waits outside the rings, until `ticket` (due_ticket)
    dead,       // delivered too often; the broker moves it to the dead-letter queue
};

// The word of a descriptor: state 3 | ring 4 | owner 13 | ticket 44.
struct MessageWord {
    MessageState state;
    uint32_t ring;
    OwnerId owner;
    uint64_t ticket;

    uint64_t packed() const {
        return static_cast<uint64_t>(state) << 61 | static_cast<uint64_t>(ring) << 57 |
               static_cast<uint64_t>(owner) << 44 | ticket;
    }
    static MessageWord of(uint64_t bits) {
        return {static_cast<MessageState>(bits >> 61), static_cast<uint32_t>(bits >> 57 & 15),
                static_cast<OwnerId>(bits >> 44 & (kOwnerSlots - 1)), bits & kTicketMask};
    }
    // Is it (as far as the descriptor knows) at that place of that ring?
    bool is_at(uint32_t at_ring, uint64_t at_ticket) const {
        return (state == MessageState::publishing || state == MessageState::returning) && ring == at_ring &&
               ticket == at_ticket;
    }
    // A time in the place of a ticket, in units that last for 36 years: of 66 microseconds, as a delay may be longer than
    // asked for, but not shorter.
    static uint64_t due_ticket(int64_t due_ns) {
        constexpr uint64_t kLess = (1ULL << kDueShift) - 1;
        return std::min((static_cast<uint64_t>(due_ns) + kLess) >> kDueShift, kTicketMask);
    }
    int64_t due_ns() const { return static_cast<int64_t>(ticket << kDueShift); }
    static constexpr uint32_t kDueShift = 16;
    static constexpr uint64_t kTicketMask = (1ULL << 44) - 1;
    static constexpr uint64_t kNowhere = kTicketMask;  // a ticket that no place has
};
static_assert(kOwnerSlots == 1 << 13);

// A cell of a ring: how often the ring was gone round 44 | descriptor + 1, or 0 while it is empty 20.
struct Cell {
    uint64_t lap;
    uint32_t content;

    uint64_t packed() const { return lap << 20 | content; }
    static Cell of(uint64_t bits) { return {bits >> 20, static_cast<uint32_t>(bits & 0xfffff)}; }
};

// Rings: of each priority one for messages that come back, which is looked at first, and one for new ones.
inline constexpr uint32_t kPriorities8 = 8;
constexpr uint32_t ring_of(uint32_t priority, bool returned) {
    return priority * 2 + (returned ? 0 : 1);
}

struct alignas(64) RingCursors {
    alignas(64)
        SharedWord<uint64_t> tail;  // the next place to fill: at or, for a moment, one behind the truth
    alignas(64) SharedWord<uint64_t> head;  // the next place to take from: likewise
};

struct alignas(64) Descriptor {
    SharedWord<uint64_t> word;
    SharedWord<uint32_t> size;
    SharedWord<uint32_t> priority;
    SharedWord<uint64_t> failures;    // see deliveries.h
    SharedWord<uint64_t> charge;      // see byte_budget.h
    SharedWord<int64_t> lease_until;  // CLOCK_MONOTONIC; 0: for ever
    SharedWord<int64_t> expires_ns;   // 0: never
    SharedWord<uint64_t> origin;      // a dead letter's place in the queue it came from, see dead_letters.h
    SharedWord<uint64_t> leased_ms;   // as coarse_now_ms, for people
    std::byte inline_bytes[192];
};
static_assert(sizeof(Descriptor) == 256);

struct alignas(64) QueueHead {
    alignas(64) SharedWord<int64_t> next_due;  // when a delay or a lease may end first: see queue_returns.cc
    alignas(64) SharedWord<uint64_t> bytes;    // see byte_budget.h
    // Counters for people.
    alignas(64) SharedWord<uint64_t> expired;
    SharedWord<uint64_t> dropped;
    SharedWord<uint64_t> redelivered;
    SharedWord<uint64_t> dead_lettered;
    SharedWord<uint32_t> touched;  // from here on no range has pages, for all we know: see QueueCore::trim
};

class QueueLayout {
  public:
    explicit QueueLayout(const ObjectSpec& spec)
        : capacity(spec.capacity),
          rings((spec.flags & kPriorities) != 0 ? 2 * kPriorities8 : 2),
          cells(std::bit_ceil(spec.capacity)),
          lap_shift(static_cast<uint32_t>(std::countr_zero(cells))),
          range(spec.max_message <= sizeof(Descriptor::inline_bytes) ? 0 : up(spec.max_message)) {}

    const uint32_t capacity;  // descriptors
    const uint32_t rings;
    const uint32_t cells;  // of each ring; a power of two, at least the capacity
    const uint32_t lap_shift;
    const size_t
        range;  // bytes of address space for the large message of each descriptor; 0: none can be large

    size_t cursors_begin() const { return sizeof(QueueHead); }
    size_t cells_begin() const { return cursors_begin() + rings * sizeof(RingCursors); }
    size_t descriptors_begin() const {
        return up(cells_begin() + size_t{rings} * cells * sizeof(SharedWord<uint64_t>));
    }
    size_t ranges_begin() const { return up(descriptors_begin() + size_t{capacity} * sizeof(Descriptor)); }
    size_t bytes() const { return ranges_begin() + size_t{capacity} * range; }

  private:
    static constexpr size_t up(size_t size) { return (size + 4095) & ~size_t{4095}; }
};

}  // namespace yard::ipc
