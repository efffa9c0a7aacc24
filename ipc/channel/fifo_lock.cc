#include "ipc/channel/fifo_lock.h"

#include <errno.h>

namespace yard::ipc {
namespace {

#ifdef YARD_IPC_MODEL
constexpr uint32_t kLapShift = 2;
#else
constexpr uint32_t kLapShift = 12;
#endif
constexpr uint32_t kAskers = 1U << kLapShift;  // more wait until there is a place to wait at

constexpr uint64_t lap(uint64_t place) {
    return place >> kLapShift;
}

}  // namespace

// A cell: what lies there 2 | owner 13 | lap 48. It is empty, then asked or gone, then empty in the next lap.
struct FifoLock::Asker {
    enum State : uint32_t { empty, asks, gone };
    State state = empty;
    OwnerId owner = 0;
    uint64_t lap = 0;

    uint64_t packed() const {
        return static_cast<uint64_t>(state) << 62 | static_cast<uint64_t>(owner) << 48 | lap;
    }
    static Asker of(uint64_t bits) {
        return {static_cast<State>(bits >> 62), static_cast<OwnerId>(bits >> 48 & (kOwnerSlots - 1)),
                bits & ((1ULL << 48) - 1)};
    }
};

struct FifoLock::Body {
    alignas(64) SharedWord<uint64_t> tail;
    alignas(64) SharedWord<uint64_t> head;
    SharedWord<uint64_t> since_ms;     // of the holder, for people
    SharedWord<uint32_t> holder_died;  // and nobody was told yet
    alignas(64) SharedWord<uint64_t> cells[kAskers];
};

size_t FifoLock::bytes() {
    return sizeof(Body);
}

SharedWord<uint64_t>& FifoLock::cell(uint64_t place) const {
    return body().cells[place % kAskers];
}

// 0: I ask at `*place`; -EAGAIN: there is no place, or I would not be the first.
int FifoLock::line_up(bool only_if_first, uint64_t* place) {
    for (uint32_t turn = 0; turn < kMaxTurns; ++turn) {
        const uint64_t tail = body().tail.load();
        const uint64_t bits = cell(tail).load();
        const Asker there = Asker::of(bits);
        if (there.lap < lap(tail)) return -EAGAIN;
        // Whoever asked there was stopped, or died, before this.
        if (there.lap > lap(tail) || there.state != Asker::empty) {
            body().tail.replace(tail, tail + 1);
            continue;
        }
        if (only_if_first && body().head.load() != tail) return -EAGAIN;
        if (!cell(tail).replace(bits, Asker{Asker::asks, me_, lap(tail)}.packed())) continue;
        body().tail.replace(tail, tail + 1);
        *place = tail;
        return 0;
    }
    return -EUCLEAN;
}

// Moves the head past those who gave up, died, or have released and were stopped before they moved it.
void FifoLock::pass_the_gone() {
    for (uint32_t turn = 0; turn < kMaxTurns; ++turn) {
        const uint64_t head = body().head.load();
        const uint64_t bits = cell(head).load();
        const Asker there = Asker::of(bits);
        if (there.lap == lap(head) && there.state != Asker::gone) return;
        if (there.lap == lap(head)) cell(head).replace(bits, Asker{Asker::empty, 0, lap(head) + 1}.packed());
        body().head.replace(head, head + 1);
    }
}

void FifoLock::leave(uint64_t place) {
    const Asker asked{Asker::asks, me_, lap(place)};
    cell(place).replace(asked.packed(), Asker{Asker::gone, 0, lap(place)}.packed());
    pass_the_gone();
    segment_.header().readable.wake_all();
}

int FifoLock::taken() const {
    body().since_ms.put(coarse_now_ms());
    return body().holder_died.exchange(0) != 0 ? EOWNERDEAD : 0;
}

int FifoLock::acquire(Nanoseconds until) {
    pass_the_gone();
    EventCount& readable = segment_.header().readable;
    OwnerRecord& record = segment_.owner(me_);
    uint64_t place = 0;
    const auto asked = [&] { return line_up(until == 0, &place); };
    const auto never = [] { return kForever; };
    if (const int error = wait_until(readable, record, spin_, until, asked, never); error != 0) return error;
    const auto attempt = [&] {
        pass_the_gone();
        if (body().head.load() == place) return 0;
        return segment_.header().closed.load() != 0 ? -EPIPE : -EAGAIN;
    };
    const int error = wait_until(readable, record, spin_, until, attempt, never);
    if (error == 0) return taken();
    leave(place);
    return error;
}

int FifoLock::release() {
    const uint64_t head = body().head.load();
    const Asker mine{Asker::asks, me_, lap(head)};
    if (!cell(head).replace(mine.packed(), Asker{Asker::empty, 0, lap(head) + 1}.packed())) return -EPERM;
    pass_the_gone();
    segment_.header().readable.wake_all();
    return 0;
}

ClaimWord FifoLock::holder() const {
    const uint64_t head = body().head.load();
    const Asker there = Asker::of(cell(head).load());
    if (there.state != Asker::asks || there.lap != lap(head)) return {ClaimState::free};
    return {ClaimState::held, false, there.owner, body().since_ms.load()};
}

bool FifoLock::take_back(OwnerId owner) {
    const ClaimWord present = holder();
    const bool held = present.state == ClaimState::held && present.owner == owner;
    if (held) body().holder_died.store(1);
    for (SharedWord<uint64_t>& word : body().cells) {
        const uint64_t bits = word.load();
        const Asker there = Asker::of(bits);
        if (there.state == Asker::asks && there.owner == owner)
            word.replace(bits, Asker{Asker::gone, 0, there.lap}.packed());
    }
    pass_the_gone();
    return held;
}

}  // namespace yard::ipc
