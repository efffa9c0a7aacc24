#include "ipc/channel/lock.h"

#include <errno.h>

namespace yard::ipc {

int Lock::try_acquire() {
    const uint64_t bits = word().load();
    const ClaimWord present = ClaimWord::of(bits);
    if (present.state == ClaimState::held) return segment_.header().closed.load() != 0 ? -EPIPE : -EAGAIN;
    if (!word().replace(bits, ClaimWord{ClaimState::held, false, me_, coarse_now_ms()}.packed()))
        return -EAGAIN;
    return present.owner_died ? EOWNERDEAD : 0;
}

int Lock::acquire(Nanoseconds until) {
    if (is_fifo()) return fifo_.acquire(until);
    return wait_until(
        segment_.header().readable, segment_.owner(me_), spin_, until, [this] { return try_acquire(); },
        [] { return kForever; });
}

int Lock::try_release() {
    const uint64_t bits = word().load();
    const ClaimWord present = ClaimWord::of(bits);
    if (present.state != ClaimState::held || present.owner != me_) return -EPERM;
    return word().replace(bits, ClaimWord{ClaimState::free}.packed()) ? 0 : -EPERM;
}

int Lock::release() {
    if (const int error = is_fifo() ? fifo_.release() : try_release(); error != 0) return error;
    EventCount& readable = segment_.header().readable;
    readable.wake(1);
    readable.ring_bell(bell_);
    return 0;
}

bool Lock::take_back(OwnerId owner) {
    if (is_fifo()) return fifo_.take_back(owner);
    const uint64_t bits = word().load();
    const ClaimWord present = ClaimWord::of(bits);
    if (present.state != ClaimState::held || present.owner != owner) return false;
    return word().replace(bits, ClaimWord{ClaimState::free, true}.packed());
}

}  // namespace yard::ipc
