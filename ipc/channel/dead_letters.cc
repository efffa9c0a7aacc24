// A letter is at every moment in one queue: its old place notes which descriptor it goes to before that is published, and
// is freed after. A broker that finds such a note looks whether the descriptor was published.
#include <errno.h>

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

// What one turn moves, so that nobody waits long for the broker: a letter counts as this much and its size.
constexpr size_t kTurnBytes = 16 << 20, kLetterBytes = 1 << 10;

class Mover {
  public:
    Mover(const Segment& from, const Segment& to, Bell* bell_of_to)
        : from_(from, kBroker, nullptr), to_(to, kBroker, bell_of_to) {}
    Settled move_all();

  private:
    bool finish_half_moved(uint32_t index);
    bool move(uint32_t index);
    int claim(size_t size);

    QueueCore from_, to_;
    size_t moved_bytes_ = 0;
    bool is_full_ = false;  // to_: looking again would take as long as it has messages
};

// True: it was on its way, and has arrived.
bool Mover::finish_half_moved(uint32_t index) {
    Descriptor& letter = from_.descriptor(index);
    const uint64_t note = letter.origin.load();
    if (note == 0) return false;
    if (note <= to_.layout().capacity && !undo_unpublished(to_, static_cast<uint32_t>(note - 1))) {
        from_.release(index);
        return true;
    }
    letter.origin.store(0);
    return false;
}

int Mover::claim(size_t size) {
    if (is_full_ || !to_.has_room(size)) return -EAGAIN;
    const int index = to_.claim(size);
    is_full_ = index < 0;
    return index;
}

// False: there is no room.
bool Mover::move(uint32_t index) {
    Descriptor& letter = from_.descriptor(index);
    const size_t size = letter.size.peek();
    if (size > to_.segment().spec().max_message || size > from_.segment().spec().max_message) return false;
    const int claimed = claim(size);
    if (claimed < 0) return false;
    const auto target = static_cast<uint32_t>(claimed);
    Descriptor& copy = to_.descriptor(target);
    copy.size.put(static_cast<uint32_t>(size));
    copy.priority.put(0);
    copy.failures.put(0);
    copy.lease_until.put(0);
    copy.expires_ns.put(0);
    copy.origin.put(0);
    std::memcpy(to_.payload(target, size), from_.payload(index, size), size);
    moved_bytes_ += size + kLetterBytes;
    letter.origin.store(target + 1);
    if (to_.publish(target, ring_of(0, false), MessageState::publishing) != 0) return false;
    from_.release(index);
    return true;
}

Settled Mover::move_all() {
    Settled settled;
    for (uint32_t index = 0; index < from_.layout().capacity && !to_.is_spoilt(); ++index) {
        if (MessageWord::of(from_.descriptor(index).word.load()).state != MessageState::dead) continue;
        // Whatever a broker before this one has begun is finished in the first turn.
        if (!finish_half_moved(index)) {
            const bool is_cut = moved_bytes_ >= kTurnBytes;
            settled.is_cut |= is_cut;
            if (is_cut || !move(index)) {
                ++settled.left;
                continue;
            }
        }
        from_.emptied();
        to_.filled(1);
    }
    return settled;
}

}  // namespace

Settled move_dead_letters(const Segment& from, const Segment& to, Bell* bell_of_to) {
    return Mover(from, to, bell_of_to).move_all();
}

}  // namespace yard::ipc
