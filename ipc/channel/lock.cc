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
    return wait_until(
        segment_.header().readable, segment_.owner(me_), spin_, until, [this] { return try_acquire(); },
        [] { return kForever; });
}

int Lock::release() {
    const uint64_t bits = word().load();
    const ClaimWord present = ClaimWord::of(bits);
    if (present.state != ClaimState::held || present.owner != me_) return -EPERM;
    if (!word().replace(bits, ClaimWord{ClaimState::free}.packed())) return -EPERM;
    released();
    return 0;
}

void Lock::released() {
    EventCount& readable = segment_.header().readable;
    readable.wake(1);
    if (bell_ != nullptr) readable.ring_bell([this] { bell_->ring(); });
}

bool Lock::take_back(OwnerId owner) {
    const uint64_t bits = word().load();
    const ClaimWord present = ClaimWord::of(bits);
    if (present.state != ClaimState::held || present.owner != owner) return false;
    return word().replace(bits, ClaimWord{ClaimState::free, true}.packed());
}

}  // namespace yard::ipc
