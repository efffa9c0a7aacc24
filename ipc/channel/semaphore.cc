#include "ipc/channel/semaphore.h"

#include <errno.h>

#include <algorithm>

namespace yard::ipc {
namespace {

// Then the permits.
struct alignas(64) SemaphoreHead {
    SharedWord<uint32_t> extent;  // all permits from here on are absent
};

SemaphoreHead& head_of(const Segment& segment) {
    return *reinterpret_cast<SemaphoreHead*>(segment.body());
}

}  // namespace

size_t semaphore_bytes(const ObjectSpec& spec) {
    return sizeof(SemaphoreHead) + spec.capacity * sizeof(SharedWord<uint64_t>);
}

void fill_semaphore(const Segment& segment) {
    auto* const permits = reinterpret_cast<SharedWord<uint64_t>*>(segment.body() + sizeof(SemaphoreHead));
    for (uint32_t i = 0; i < segment.spec().value; ++i)
        permits[i].store(ClaimWord{ClaimState::free}.packed());
    head_of(segment).extent.store(segment.spec().value);
}

Semaphore::Semaphore(const Segment& segment, OwnerId me, Bell* bell)
    : segment_(segment),
      me_(me),
      bell_(bell),
      permits_(reinterpret_cast<SharedWord<uint64_t>*>(segment.body() + sizeof(SemaphoreHead))) {}

uint32_t Semaphore::extent() const {
    return std::min(head_of(segment_).extent.load(), segment_.spec().capacity);
}

// Finds a permit in state `from` (held: by `owner`) and makes it `to`.
bool Semaphore::change(ClaimState from, OwnerId owner, ClaimWord to) {
    const uint32_t end = from == ClaimState::absent ? segment_.spec().capacity : extent();
    const uint32_t first = from == ClaimState::absent ? 0 : hint_.load(std::memory_order_relaxed);
    for (uint32_t n = 0; n < end; ++n) {
        const uint32_t index = (first + n) % end;
        const uint64_t bits = permits_[index].load();
        const ClaimWord permit = ClaimWord::of(bits);
        if (permit.state != from || (from == ClaimState::held && permit.owner != owner)) continue;
        // One that comes into being must be within the extent before.
        for (uint32_t seen; from == ClaimState::absent && (seen = head_of(segment_).extent.load()) <= index;)
            head_of(segment_).extent.replace(seen, index + 1);
        if (!permits_[index].replace(bits, to.packed())) continue;
        hint_.store(index, std::memory_order_relaxed);
        return true;
    }
    return false;
}

int Semaphore::try_acquire(PermitUse use) {
    if (segment_.header().closed.load() != 0) return -EPIPE;
    const ClaimWord taken =
        use == PermitUse::token ? ClaimWord{} : ClaimWord{ClaimState::held, false, me_, coarse_now_ms()};
    return change(ClaimState::free, 0, taken) ? 0 : -EAGAIN;
}

int Semaphore::acquire(PermitUse use, Nanoseconds until) {
    return wait_until(
        segment_.header().readable, segment_.owner(me_), spin_, until, [&] { return try_acquire(use); },
        [] { return kForever; });
}

int Semaphore::acquire(Nanoseconds until) {
    const bool tokens = (segment_.spec().flags & kSignalTokens) != 0;
    return acquire(tokens ? PermitUse::token : PermitUse::resource, until);
}

int Semaphore::release() {
    const ClaimWord free{ClaimState::free};
    if (!change(ClaimState::held, me_, free) && !change(ClaimState::absent, 0, free)) return -EOVERFLOW;
    released();
    return 0;
}

void Semaphore::released() {
    EventCount& readable = segment_.header().readable;
    readable.wake(1);
    readable.ring_bell(bell_);
}

uint32_t Semaphore::value() const {
    uint32_t value = 0;
    for (uint32_t i = 0; i < extent(); ++i)
        value += ClaimWord::of(permits_[i].load()).state == ClaimState::free;
    return value;
}

std::vector<uint32_t> Semaphore::held_by_owner() const {
    std::vector<uint32_t> held(kOwnerSlots);
    for_each_held([&held](OwnerId owner, uint64_t) { ++held[owner]; });
    return held;
}

void Semaphore::for_each_held(const std::function<void(OwnerId, uint64_t)>& see) const {
    const uint32_t end = extent();
    for (uint32_t i = 0; i < end; ++i) {
        const ClaimWord permit = ClaimWord::of(permits_[i].load());
        if (permit.state == ClaimState::held) see(permit.owner, permit.since_ms);
    }
}

// One look at each: the dead takes none any more, and whoever writes its number into the memory must not keep us here.
uint32_t Semaphore::take_back(OwnerId owner) {
    uint32_t taken = 0;
    const uint32_t end = extent();
    for (uint32_t i = 0; i < end; ++i) {
        const uint64_t bits = permits_[i].load();
        const ClaimWord permit = ClaimWord::of(bits);
        if (permit.state == ClaimState::held && permit.owner == owner)
            taken += permits_[i].replace(bits, ClaimWord{ClaimState::free}.packed());
    }
    return taken;
}

}  // namespace yard::ipc
