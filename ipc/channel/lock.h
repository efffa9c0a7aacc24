// A lock between processes. It knows who holds it and since when; when the holder dies it is free for the next one, who
// is told so.
//
// Results as in queue.h. Not recursive: a second acquire by the process that holds it waits like any other's.
#pragma once

#include <cstdint>

#include "ipc/channel/bell.h"
#include "ipc/channel/claim_word.h"
#include "ipc/channel/fifo_lock.h"
#include "ipc/channel/waiting.h"

namespace yard::ipc {

class Lock {
  public:
    // As Queue's.
    Lock(const Segment& segment, OwnerId me, Bell* bell)
        : segment_(segment), me_(me), bell_(bell), fifo_(segment, me) {}

    // 0; or EOWNERDEAD (positive): acquired, and the last holder died while it held it (SegmentHeader::last_death says
    // who), so that what the lock protects may be half done.
    int acquire(Nanoseconds until);
    // EPERM: this process does not hold it.
    int release();
    // Who holds it; state free: nobody.
    ClaimWord holder() const { return is_fifo() ? fifo_.holder() : ClaimWord::of(word().load()); }

    void want_bell() { segment_.header().readable.want_bell(); }
    // Frees it from `owner`, who is dead. False: that one did not hold it.
    bool take_back(OwnerId owner);

  private:
    SharedWord<uint64_t>& word() const { return *reinterpret_cast<SharedWord<uint64_t>*>(segment_.body()); }
    bool is_fifo() const { return (segment_.spec().flags & kFifo) != 0; }
    int try_acquire();
    int try_release();

    const Segment& segment_;
    const OwnerId me_;
    Bell* const bell_;
    FifoLock fifo_;
    SpinBudget spin_;
};

}  // namespace yard::ipc
