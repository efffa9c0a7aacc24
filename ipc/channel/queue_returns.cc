// What comes back into a queue: after a nack, a death, the end of a lease, a delay.
#include <algorithm>
#include <climits>

#include "ipc/channel/queue_core.h"

namespace yard::ipc {
namespace {

// How often a message failed, and which lease was the last that did: ring 4 | ticket 40 | failures 20. Naming the
// lease makes counting idempotent: whoever dies in between has counted, or somebody else does.
constexpr uint64_t kFailuresMask = (1 << 20) - 1;

uint64_t lease_key(MessageWord lease) {
    return (static_cast<uint64_t>(lease.ring) << 40 | (lease.ticket & ((1ULL << 40) - 1))) << 20;
}

// While one looks for what is due, the others need not; but for no longer than this, as it may be stopped.
constexpr Nanoseconds kLookingTime = 10'000'000;

// The word of the next due time counts its changes in its low bits, so that who looked through all messages notices
// that one came in meanwhile. So many are not noted during one look. It is exact for delays, and late for leases by
// less than 66 microseconds.
constexpr int64_t kChanges = (1LL << MessageWord::kDueShift) - 1;

int64_t due_word(int64_t before, Nanoseconds due) {
    const int64_t rounded = (std::clamp<int64_t>(due, 1, kForever - kChanges) + kChanges) & ~kChanges;
    return rounded | (((before & kChanges) + 1) & kChanges);
}

}  // namespace

bool QueueCore::end(uint32_t index, MessageWord lease) {
    if (!descriptors_[index].word.replace(lease.packed(), mine(MessageState::writing).packed())) return false;
    release(index);
    return true;
}

bool QueueCore::give_back(uint32_t index, MessageWord lease, Nanoseconds due) {
    Descriptor& descriptor = descriptors_[index];
    if (!descriptor.word.replace(lease.packed(),
                                 mine(MessageState::failing, lease.ring, lease.ticket).packed()))
        return false;
    descriptor.lease_until.put(0);
    const uint32_t failures = count_failure(index, lease);
    const uint32_t limit = segment_.spec().max_deliveries;
    if (limit != 0 && failures >= limit) {
        head().dead_lettered.add(1);
        if ((segment_.spec().flags & kDeadLetters) == 0) {
            release(index);
            emptied();
        } else {
            descriptor.word.store(
                MessageWord{MessageState::dead, 0, kBroker, MessageWord::kNowhere}.packed());
            settle_wish_.store(true);
            emptied();  // there is no more room, but somebody may wait for the end of the work
        }
        return true;
    }
    head().redelivered.add(1);
    if (due != 0) {
        delay(index, due);
    } else {
        publish(index, home_ring(index, true), MessageState::returning);
        filled(1);
    }
    return true;
}

// Only by who owns the failing message.
uint32_t QueueCore::count_failure(uint32_t index, MessageWord lease) {
    SharedWord<uint64_t>& failures = descriptors_[index].failures;
    const uint64_t before = failures.load();
    const uint64_t count = before & kFailuresMask;
    if (count > 0 && (before & ~kFailuresMask) == lease_key(lease)) return static_cast<uint32_t>(count);
    const uint64_t after = std::min(count + 1, kFailuresMask);
    failures.store(lease_key(lease) | after);
    return static_cast<uint32_t>(after);
}

uint32_t QueueCore::failures(uint32_t index) const {
    return static_cast<uint32_t>(descriptors_[index].failures.peek() & kFailuresMask);
}

bool QueueCore::drop_delayed(uint32_t index) {
    SharedWord<uint64_t>& word = descriptors_[index].word;
    const uint64_t bits = word.load();
    if (MessageWord::of(bits).state != MessageState::delayed) return false;
    if (!word.replace(bits, mine(MessageState::writing).packed())) return false;
    release(index);
    return true;
}

// A message lines up where its priority says, before the new ones if it was delivered before.
uint32_t QueueCore::home_ring(uint32_t index, bool returned) const {
    return ring_of(std::min(descriptors_[index].priority.peek(), layout_.rings / 2 - 1), returned);
}

void QueueCore::finish_return(uint32_t index, MessageWord word) {
    if (is_there(index, word)) return disown(index, word);
    // Not if it was there, and was taken between the two looks.
    if (!descriptors_[index].word.replace(word.packed(), mine(MessageState::returning).packed())) return;
    publish(index, home_ring(index, true), MessageState::returning);
    filled(1);
}

Nanoseconds QueueCore::next_due() const {
    const int64_t word = head().next_due.load();
    return word <= kChanges ? kForever : word & ~kChanges;
}

void QueueCore::note_due(Nanoseconds due) {
    SharedWord<int64_t>& next = head().next_due;
    for (;;) {
        const int64_t before = next.load();
        const Nanoseconds soonest = before <= kChanges ? due : std::min(due, before & ~kChanges);
        if (!next.replace(before, due_word(before, soonest))) continue;
        // Those who sleep do so until the time that was the next one before.
        if (soonest == due) filled(INT_MAX);
        return;
    }
}

void QueueCore::move_due() {
    SharedWord<int64_t>& next = head().next_due;
    const int64_t before = next.peek();
    if (before <= kChanges) return;
    const Nanoseconds now = monotonic_now();
    if ((before & ~kChanges) > now) return;
    const int64_t looking = due_word(before, now + kLookingTime);
    if (!next.replace(before, looking)) return;  // somebody else looks, or has noted something
    Nanoseconds soonest = kForever;
    for (uint32_t index = 0; index < layout_.capacity && !is_spoilt(); ++index) {
        if (move_if_due(index, now, &soonest)) filled(1);
    }
    // If anything was noted meanwhile, the next look will find it.
    next.replace(looking,
                 soonest == kForever ? ((looking & kChanges) + 1) & kChanges : due_word(looking, soonest));
}

// When it will be moved; 0: never.
Nanoseconds QueueCore::due_of(uint32_t index, MessageWord word) const {
    if (word.state == MessageState::delayed) return word.due_ns();
    return word.state == MessageState::leased ? descriptors_[index].lease_until.load() : 0;
}

// Moves it if it is due, otherwise lowers `*next` to when it will be.
bool QueueCore::move_if_due(uint32_t index, Nanoseconds now, Nanoseconds* next) {
    Descriptor& descriptor = descriptors_[index];
    const uint64_t bits = descriptor.word.load();
    const MessageWord word = MessageWord::of(bits);
    const Nanoseconds due = due_of(index, word);
    if (due == 0) return false;
    if (due > now) {
        *next = std::min(*next, due);
        return false;
    }
    if (word.state == MessageState::leased) return give_back(index, word, 0);
    if (!descriptor.word.replace(bits, mine(MessageState::returning).packed())) return false;
    // One that was never delivered lines up with the new ones.
    const bool returned = failures(index) != 0;
    return publish(index, home_ring(index, returned), MessageState::returning) == 0;
}

bool QueueCore::is_any_returning() const {
    for (uint32_t index = 0; index < layout_.capacity; ++index) {
        const MessageState state = MessageWord::of(descriptors_[index].word.load()).state;
        const bool limited = state == MessageState::leased && descriptors_[index].lease_until.load() != 0;
        if (limited || state == MessageState::delayed || state == MessageState::failing ||
            state == MessageState::returning)
            return true;
    }
    return false;
}

void QueueCore::find_next_due() {
    Nanoseconds soonest = kForever;
    for (uint32_t index = 0; index < layout_.capacity; ++index) {
        const Nanoseconds due = due_of(index, MessageWord::of(descriptors_[index].word.load()));
        if (due != 0) soonest = std::min(soonest, due);
    }
    if (soonest != kForever) note_due(soonest);
}

}  // namespace yard::ipc
