// The sum of the bytes of all messages of a queue, exact although any process may be killed between any two steps.
//
// A sum alone cannot be: whoever is killed just before or just after an addition leaves it unknown whether that was
// made. So the sum's word also names the descriptor whose charge was applied last, and whoever changes the sum next
// first notes in that descriptor that it was. Then a charge that says "adding" and is not the last one was not added.
#pragma once

#include <cstdint>

#include "ipc/channel/queue_layout.h"

namespace yard::ipc {

class ByteBudget {
  public:
    // `limit` 0: nothing is counted.
    ByteBudget(SharedWord<uint64_t>& sum, Descriptor* descriptors, uint32_t capacity, uint64_t limit)
        : sum_(sum), descriptors_(descriptors), capacity_(capacity), limit_(limit) {}

    bool limited() const { return limit_ != 0; }
    bool has_room(size_t size) const { return !limited() || bytes() + size <= limit_; }
    uint64_t bytes() const { return sum_.load() >> kSumShift; }

    // By the owner of descriptor `index`, in state writing. False when there is no room.
    bool add(uint32_t index, size_t size);
    void remove(uint32_t index);
    // By whoever takes the descriptor back from its dead owner: makes its charge 0, in the sum too.
    void settle_and_remove(uint32_t index);

  private:
    enum Phase : uint64_t { none, adding, charged, removing };
    struct Charge;
    static constexpr uint32_t kSumShift = 24;

    static uint64_t applied(uint64_t charge);
    bool apply(uint32_t index, uint64_t charge, bool addition);
    void settle(uint64_t sum);

    SharedWord<uint64_t>& sum_;  // bytes 40 | 3 | addition 1 | descriptor + 1: 20
    Descriptor* const descriptors_;
    const uint32_t capacity_;
    const uint64_t limit_;
};

}  // namespace yard::ipc
