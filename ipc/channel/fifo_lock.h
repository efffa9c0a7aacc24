// A lock that its users get in the order in which they asked: a ring of askers, the first of whom holds it.
//
// Fairness has its price: a process that is stopped when its turn comes holds it, as any stopped holder does.
#pragma once

#include <cstdint>

#include "ipc/channel/claim_word.h"
#include "ipc/channel/waiting.h"

namespace yard::ipc {

class FifoLock {
  public:
    FifoLock(const Segment& segment, OwnerId me) : segment_(segment), me_(me) {}

    // As Lock's.
    int acquire(Nanoseconds until);
    int release();
    ClaimWord holder() const;
    bool take_back(OwnerId owner);

    static size_t bytes();

  private:
    struct Asker;
    struct Body;
    Body& body() const { return *reinterpret_cast<Body*>(segment_.body()); }
    SharedWord<uint64_t>& cell(uint64_t place) const;
    int line_up(bool only_if_first, uint64_t* place);
    void leave(uint64_t place);
    void pass_the_gone();
    int taken() const;

    const Segment& segment_;
    const OwnerId me_;
    SpinBudget spin_;
};

}  // namespace yard::ipc
