// A counting semaphore: a table of permits, each with the name of who holds it, so that a permit comes back when its
// holder dies. Permits that are taken as tokens belong to nobody and do not come back; a release by who holds none makes
// one.
//
// Results as in queue.h; EOVERFLOW: there can be no more permits; EPIPE: the object was removed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "ipc/channel/bell.h"
#include "ipc/channel/claim_word.h"
#include "ipc/channel/waiting.h"

namespace yard::ipc {

enum class PermitUse : uint32_t { resource, token };

class Semaphore {
  public:
    // As Queue's.
    Semaphore(const Segment& segment, OwnerId me, Bell* bell);

    int acquire(PermitUse use, Nanoseconds until);
    // By the object's mode.
    int acquire(Nanoseconds until);
    // Gives back a permit that this process holds as a resource; if there is none, adds a token.
    int release();
    // Permits that can be taken now.
    uint32_t value() const;

    void want_bell() { segment_.header().readable.want_bell(); }
    // How many permits each owner slot holds.
    std::vector<uint32_t> held_by_owner() const;
    // Each permit that is held: since_ms as coarse_now_ms.
    void for_each_held(const std::function<void(OwnerId owner, uint64_t since_ms)>& see) const;
    // Frees all that `owner`, who is dead, holds: how many.
    uint32_t take_back(OwnerId owner);

  private:
    int try_acquire(PermitUse use);
    bool change(ClaimState from, OwnerId owner, ClaimWord to);
    uint32_t extent() const;
    void released();

    const Segment& segment_;
    const OwnerId me_;
    Bell* const bell_;
    SharedWord<uint64_t>* const permits_;
    std::atomic<uint32_t> hint_{0};
    SpinBudget spin_;
};

size_t semaphore_bytes(const ObjectSpec& spec);
// Makes its first permits, while nobody else knows it.
void fill_semaphore(const Segment& segment);

}  // namespace yard::ipc
