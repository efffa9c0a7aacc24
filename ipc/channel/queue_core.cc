#include "ipc/channel/queue_core.h"

#include <errno.h>
#include <sys/mman.h>

#include <algorithm>
#include <climits>
#include <cstring>

namespace yard::ipc {
namespace {

// Memory for large messages that stays in place when they are gone, for each queue. Pages above it go back when the queue
// has run empty: as long as there is traffic they will be needed again, and getting them costs more than a message.
constexpr size_t kResidentBytes = 64 << 20;

uint32_t resident_descriptors(const QueueLayout& layout) {
    if (layout.range == 0) return layout.capacity;
    return static_cast<uint32_t>(std::min<size_t>(layout.capacity, kResidentBytes / layout.range));
}

}  // namespace

QueueCore::QueueCore(const Segment& segment, OwnerId me, Bell* bell)
    : segment_(segment),
      me_(me),
      bell_(bell),
      layout_(segment.spec()),
      resident_(resident_descriptors(layout_)),
      rings_(reinterpret_cast<RingCursors*>(segment.body() + layout_.cursors_begin())),
      cells_(reinterpret_cast<SharedWord<uint64_t>*>(segment.body() + layout_.cells_begin())),
      descriptors_(reinterpret_cast<Descriptor*>(segment.body() + layout_.descriptors_begin())),
      budget_(head().bytes, descriptors_, layout_.capacity, segment.spec().max_bytes) {}

std::byte* QueueCore::payload(uint32_t index, size_t size) const {
    if (size <= kInlineBytes) return descriptors_[index].inline_bytes;
    return segment_.body() + layout_.ranges_begin() + index * layout_.range;
}

// Small messages: where the oldest one was, which is the first to be free. Large ones: the lowest, whose pages are
// there, and perhaps in a cache.
uint32_t QueueCore::first_to_try(size_t size) {
    if (size > kInlineBytes) return 0;
    if (layout_.rings == 2) return static_cast<uint32_t>(ring(1).tail.peek() % layout_.capacity);
    return hint_.load(std::memory_order_relaxed) % layout_.capacity;
}

int QueueCore::claim(size_t size) {
    const uint32_t first = first_to_try(size);
    for (uint32_t n = 0; n < layout_.capacity; ++n) {
        const uint32_t index = first + n < layout_.capacity ? first + n : first + n - layout_.capacity;
        SharedWord<uint64_t>& word = descriptors_[index].word;
        const uint64_t bits = word.load();
        if (MessageWord::of(bits).state != MessageState::free) continue;
        if (!word.replace(bits, mine(MessageState::writing).packed())) continue;
        hint_.store(index + 1, std::memory_order_relaxed);
        if (budget_.add(index, size)) return static_cast<int>(index);
        release(index);
        emptied();  // somebody may have found no descriptor meanwhile, and sleep
        return -EAGAIN;
    }
    return -EAGAIN;
}

// The tail must be read after the descriptor was claimed. Whoever took the descriptor's last message from this ring saw
// to it that the tail is behind that place (take_head), so this descriptor never stands for one place twice, and a
// getter that fell asleep with an old cell in its hand cannot take the new message for the old one.
int QueueCore::publish(uint32_t index, uint32_t number, MessageState state) {
    SharedWord<uint64_t>& word = descriptors_[index].word;
    for (uint32_t turn = 0; turn < kMaxTurns; ++turn) {
        const uint64_t place = ring(number).tail.load();
        const uint64_t bits = cell(number, place).load();
        const Cell there = Cell::of(bits);
        if (there.lap == lap(place) && there.content == 0) {
            word.store(mine(state, number, place & MessageWord::kTicketMask).packed());
            if (cell(number, place).replace(bits, Cell{lap(place), index + 1}.packed())) {
                ring(number).tail.replace(place, place + 1);
                return 0;
            }
        } else if (there.lap == lap(place)) {
            ring(number).tail.replace(place, place + 1);  // its publisher was stopped before this
        } else if (there.lap < lap(place)) {
            clear_taken(number, place - layout_.cells);  // its taker was
        }
    }
    spoilt_.store(true, std::memory_order_relaxed);
    return -EUCLEAN;
}

bool QueueCore::is_there(uint32_t index, MessageWord word) const {
    if (word.ring >= layout_.rings || word.ticket == MessageWord::kNowhere) return false;
    const Cell there = Cell::of(cell(word.ring, word.ticket).load());
    // The word knows its place without the highest bits.
    const uint64_t known = MessageWord::kTicketMask >> layout_.lap_shift;
    return (there.lap & known) == lap(word.ticket) && there.content == index + 1;
}

void QueueCore::delay(uint32_t index, Nanoseconds due) {
    const MessageWord delayed{MessageState::delayed, 0, kBroker, MessageWord::due_ticket(due)};
    descriptors_[index].word.store(delayed.packed());
    note_due(delayed.due_ns());
}

void QueueCore::release(uint32_t index) {
    Descriptor& descriptor = descriptors_[index];
    const bool large = descriptor.size.peek() > kInlineBytes;
    if (large) note_pages(index);
    if (budget_.limited()) {
        // From here on it is nobody's message: what follows may be cut short, and must not be seen by a reader.
        descriptor.word.store(mine(MessageState::writing).packed());
        budget_.remove(index);
    }
    descriptor.word.store(MessageWord{MessageState::free, 0, kBroker, 0}.packed());
    if (large && head().touched.peek() > resident_ && is_empty()) trim();
}

void QueueCore::note_pages(uint32_t index) {
    for (uint32_t top = head().touched.peek(); top <= index; top = head().touched.peek()) {
        if (index < resident_ || head().touched.replace(top, index + 1)) return;
    }
}

bool QueueCore::is_empty() const {
    for (uint32_t number = 0; number < layout_.rings; ++number)
        if (ring(number).head.load() < ring(number).tail.load()) return false;
    return true;
}

// What is in use is noted again when it is released. What a trimmer did not come to when it was killed keeps its pages
// until it is used again.
void QueueCore::trim() {
    const uint32_t top = std::min(head().touched.exchange(0), layout_.capacity);
    const uint64_t free = MessageWord{MessageState::free, 0, kBroker, 0}.packed();
    for (uint32_t index = resident_; index < top; ++index) {
        SharedWord<uint64_t>& word = descriptors_[index].word;
        if (!word.replace(free, mine(MessageState::writing).packed())) continue;
        give_pages_back(index);
        word.store(free);
    }
    emptied();  // somebody may have found no descriptor meanwhile, and sleep
}

void QueueCore::give_pages_back(uint32_t index) {
    if (index < resident_) return;
    madvise(segment_.body() + layout_.ranges_begin() + index * layout_.range, layout_.range, MADV_REMOVE);
}

bool QueueCore::abandon(uint32_t index, MessageWord word) {
    if (!descriptors_[index].word.replace(word.packed(), mine(MessageState::writing).packed())) return false;
    give_pages_back(index);
    budget_.settle_and_remove(index);
    descriptors_[index].word.store(MessageWord{MessageState::free, 0, kBroker, 0}.packed());
    return true;
}

void QueueCore::disown(uint32_t index, MessageWord word) {
    const MessageWord there{MessageState::publishing, word.ring, kBroker, word.ticket};
    descriptors_[index].word.replace(word.packed(), there.packed());
}

int QueueCore::take_head(uint32_t number, size_t capacity, size_t* size) {
    RingCursors& cursors = ring(number);
    for (uint32_t turn = 0; turn < kMaxTurns; ++turn) {
        const uint64_t place = cursors.head.load();
        const Cell there = Cell::of(cell(number, place).load());
        if (there.lap == lap(place) && there.content == 0) return -EAGAIN;
        if (there.lap > lap(place)) {
            cursors.head.replace(place, place + 1);  // its taker was stopped before this
            continue;
        }
        const uint32_t index = there.content - 1;
        if (there.lap < lap(place) || index >= layout_.capacity) return -EUCLEAN;
        pass_tail(number, place);
        Descriptor& descriptor = descriptors_[index];
        const uint64_t bits = descriptor.word.load();
        if (MessageWord::of(bits).is_at(number, place & MessageWord::kTicketMask)) {
            *size = descriptor.size.peek();
            const bool possible = *size <= segment_.spec().max_message;
            if (!possible || *size > capacity) {
                if (descriptor.word.load() != bits) continue;
                return possible ? -EMSGSIZE : -EUCLEAN;
            }
            const uint64_t lease =
                mine(MessageState::leased, number, place & MessageWord::kTicketMask).packed();
            if (!descriptor.word.replace(bits, lease)) continue;
            clear_taken(number, place);
            return static_cast<int>(index);
        }
        clear_taken(number, place);
    }
    return -EUCLEAN;
}

// Nobody may take what lies at `place` while the tail is still there: see publish.
void QueueCore::pass_tail(uint32_t number, uint64_t place) {
    std::atomic<uint64_t>& seen = tail_seen_[number];
    if (seen.load(std::memory_order_relaxed) > place) return;
    uint64_t tail = ring(number).tail.load();
    if (tail <= place) {
        ring(number).tail.replace(place, place + 1);
        tail = place + 1;
    }
    seen.store(tail, std::memory_order_relaxed);
}

// Empties the cell of a message that was taken, and lets the head pass; does nothing if it is still to be taken.
void QueueCore::clear_taken(uint32_t number, uint64_t place) {
    SharedWord<uint64_t>& word = cell(number, place);
    const uint64_t bits = word.load();
    const Cell there = Cell::of(bits);
    if (there.lap == lap(place)) {
        const uint32_t index = there.content - 1;
        if (index >= layout_.capacity) return;
        const MessageWord message = MessageWord::of(descriptors_[index].word.load());
        if (message.is_at(number, place & MessageWord::kTicketMask)) return;
        word.replace(bits, Cell{lap(place) + 1, 0}.packed());
    }
    ring(number).head.replace(place, place + 1);
}

int QueueCore::take_next(size_t capacity, size_t* size) {
    move_due();
    for (uint32_t priority = layout_.rings / 2; priority-- > 0;) {
        for (const bool returned : {true, false}) {
            for (int index; (index = take_head(ring_of(priority, returned), capacity, size)) != -EAGAIN;) {
                if (index < 0 || !drop_if_expired(static_cast<uint32_t>(index))) return index;
            }
        }
    }
    return -EAGAIN;
}

bool QueueCore::drop_if_expired(uint32_t index) {
    const Nanoseconds expires = descriptors_[index].expires_ns.peek();
    if (expires == 0 || expires > monotonic_now()) return false;
    head().expired.add(1);
    release(index);
    emptied();
    return true;
}

bool QueueCore::is_expired_at(uint32_t number) const {
    const uint64_t place = ring(number).head.load();
    const uint32_t index = Cell::of(cell(number, place).load()).content - 1;
    if (index >= layout_.capacity) return false;
    const Nanoseconds expires = descriptors_[index].expires_ns.peek();
    return expires != 0 && expires <= monotonic_now();
}

bool QueueCore::drop_expired() {
    bool dropped = false;
    for (uint32_t number = 0; number < layout_.rings; ++number) {
        clear_taken(number, ring(number).head.load());
        if (!is_expired_at(number)) continue;
        size_t size = 0;
        const int index = take_head(number, SIZE_MAX, &size);
        if (index < 0) continue;
        if (drop_if_expired(static_cast<uint32_t>(index))) {
            dropped = true;
        } else {
            // Another one had become the first meanwhile: back to its place, as nobody has seen it.
            publish(static_cast<uint32_t>(index), number & ~1U, MessageState::returning);
            filled(1);
        }
    }
    return dropped;
}

void QueueCore::filled(int count) {
    EventCount& readable = header().readable;
    readable.wake(count);
    readable.ring_bell(bell_);
}

void QueueCore::emptied() {
    // Who takes from a closed queue waits for what may come back: this may have been the last.
    if (header().closed.load() != 0) filled(INT_MAX);
    // Where bytes are limited the first who is woken may need more than there is, and the next one not.
    if (budget_.limited()) return header().writable.wake_all();
    header().writable.wake(1);
}

bool QueueCore::is_idle() const {
    for (uint32_t index = 0; index < layout_.capacity; ++index) {
        const MessageState state = MessageWord::of(descriptors_[index].word.load()).state;
        if (state != MessageState::free && state != MessageState::dead) return false;
    }
    return true;
}

QueueCounts QueueCore::traffic() const {
    QueueCounts counts;
    for (uint32_t number = 0; number < layout_.rings; ++number) {
        const uint64_t head_place = ring(number).head.load();
        const uint64_t tail_place = ring(number).tail.load();
        if (number % 2 == 1) {
            counts.puts += tail_place;
            counts.gets += head_place;
        }
        if (tail_place > head_place) counts.queued += static_cast<uint32_t>(tail_place - head_place);
    }
    counts.queued = std::min(counts.queued, layout_.capacity);
    return counts;
}

QueueCounts QueueCore::counts() const {
    QueueCounts counts = traffic();
    for (uint32_t index = 0; index < layout_.capacity; ++index) {
        const MessageState state = MessageWord::of(descriptors_[index].word.load()).state;
        counts.leased += state == MessageState::leased;
        counts.delayed += state == MessageState::delayed;
        counts.dead += state == MessageState::dead;
    }
    counts.bytes = budget_.bytes();
    counts.dropped = head().dropped.load();
    counts.expired = head().expired.load();
    counts.redelivered = head().redelivered.load();
    counts.dead_lettered = head().dead_lettered.load();
    counts.closed = header().closed.load() != 0;
    return counts;
}

ptrdiff_t QueueCore::peek(void* buffer, size_t capacity) {
    for (uint32_t priority = layout_.rings / 2; priority-- > 0;) {
        for (const bool returned : {true, false}) {
            const ptrdiff_t size = peek_ring(ring_of(priority, returned), buffer, capacity);
            if (size != -EAGAIN) return size;
        }
    }
    return -EAGAIN;
}

ptrdiff_t QueueCore::peek_ring(uint32_t number, void* buffer, size_t capacity) {
    for (uint32_t turn = 0; turn < kMaxTurns; ++turn) {
        const uint64_t place = ring(number).head.load();
        const Cell there = Cell::of(cell(number, place).load());
        if (there.lap == lap(place) && there.content == 0) return -EAGAIN;
        const uint32_t index = there.content - 1;
        Descriptor* const descriptor = index < layout_.capacity ? &descriptors_[index] : nullptr;
        const uint64_t bits = descriptor != nullptr ? descriptor->word.load() : 0;
        if (there.lap != lap(place) ||
            !MessageWord::of(bits).is_at(number, place & MessageWord::kTicketMask)) {
            clear_taken(number, place);  // its taker was stopped before this
            continue;
        }
        const size_t size = descriptor->size.peek();
        if (size > segment_.spec().max_message) return -EUCLEAN;
        const size_t part = std::min(size, capacity);
        if (part > 0) std::memcpy(buffer, payload(index, size), part);
        // A change of nothing: what was copied was read before it.
        if (descriptor->word.replace(bits, bits)) return static_cast<ptrdiff_t>(size);
    }
    return -EUCLEAN;
}

}  // namespace yard::ipc
