// A letter is at every moment in one queue: its old place notes which descriptor it goes to before that is published, and
// is freed after. A broker that finds such a note looks whether the descriptor was published.
#include <cstring>

#include "ipc/channel/queue_core.h"
#include "ipc/channel/recovery.h"

namespace yard::ipc {
namespace {

// Undoes the move that the note speaks of, if it was cut short before it was published. False: it was published.
bool undo_unpublished(QueueCore& to, uint32_t index) {
    const MessageWord word = MessageWord::of(to.descriptor(index).word.load());
    if (word.owner != kBroker) return false;
    if (word.state != MessageState::writing && word.state != MessageState::publishing) return false;
    return !to.is_there(index, word) && to.abandon(index, word);
}

// False: there is no room.
bool move_letter(QueueCore& from, uint32_t index, QueueCore& to) {
    Descriptor& letter = from.descriptor(index);
    if (const uint64_t note = letter.origin.load(); note != 0 && note <= to.layout().capacity) {
        const auto target = static_cast<uint32_t>(note - 1);
        if (!undo_unpublished(to, target)) {
            from.release(index);
            return true;
        }
        letter.origin.store(0);
    }
    const size_t size = letter.size.peek();
    if (size > to.segment().spec().max_message || size > from.segment().spec().max_message) return false;
    const int claimed = to.has_room(size) ? to.claim(size) : -1;
    if (claimed < 0) return false;
    const auto target = static_cast<uint32_t>(claimed);
    Descriptor& copy = to.descriptor(target);
    copy.size.put(static_cast<uint32_t>(size));
    copy.priority.put(0);
    copy.failures.put(0);
    copy.lease_until.put(0);
    copy.expires_ns.put(0);
    copy.origin.put(0);
    std::memcpy(to.payload(target, size), from.payload(index, size), size);
    letter.origin.store(target + 1);
    to.publish(target, ring_of(0, false), MessageState::publishing);
    from.release(index);
    return true;
}

}  // namespace

uint32_t move_dead_letters(const Segment& from_segment, const Segment& to_segment, Bell* bell_of_to) {
    QueueCore from(from_segment, kBroker, nullptr);
    QueueCore to(to_segment, kBroker, bell_of_to);
    uint32_t left = 0;
    for (uint32_t index = 0; index < from.layout().capacity && !to.is_spoilt(); ++index) {
        if (MessageWord::of(from.descriptor(index).word.load()).state != MessageState::dead) continue;
        if (!move_letter(from, index, to)) {
            ++left;
            continue;
        }
        from.emptied();
        to.filled(1);
    }
    return left;
}

}  // namespace yard::ipc
