// The steps that a queue is made of: each is one change of one word that others see, so that a process may be killed
// or stopped between any two. ALGORITHM.md argues why they are right together; queue.h puts them into calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ipc/channel/bell.h"
#include "ipc/channel/byte_budget.h"
#include "ipc/channel/queue_layout.h"

namespace yard::ipc {

struct QueueCounts {
    uint64_t puts = 0;  // so far; of the messages that came back only the first time
    uint64_t gets = 0;
    uint32_t queued = 0, leased = 0, delayed = 0, dead = 0;
    uint64_t bytes = 0;
    uint64_t dropped = 0, expired = 0, redelivered = 0, dead_lettered = 0;
    bool closed = false;
};

class QueueCore {
  public:
    static constexpr size_t kInlineBytes = sizeof(Descriptor::inline_bytes);

    QueueCore(const Segment& segment, OwnerId me, Bell* bell);

    OwnerId me() const { return me_; }
    const Segment& segment() const { return segment_; }
    SegmentHeader& header() const { return segment_.header(); }
    QueueHead& head() const { return *reinterpret_cast<QueueHead*>(segment_.body()); }
    OwnerRecord& my_record() const { return segment_.owner(me_); }
    const QueueLayout& layout() const { return layout_; }
    Descriptor& descriptor(uint32_t index) const {
        return descriptors_[index];
    }  // REQUIRES: index < capacity
    std::byte* payload(uint32_t index, size_t size) const;

    // ---- A descriptor of mine, from claim() on until publish(), delay() or release().
    // Finds a free one for a message of `size` bytes: its index, or -EAGAIN.
    int claim(size_t size);
    bool has_room(size_t size) const { return budget_.has_room(size); }
    // Puts it at the end of a ring, in state publishing or returning. 0, or -EUCLEAN.
    int publish(uint32_t index, uint32_t ring, MessageState state);
    // Lets it wait outside the rings until `due`.
    void delay(uint32_t index, Nanoseconds due);
    // Ends the message, which must be mine alone (writing, or leased without limit): the descriptor is free.
    void release(uint32_t index);

    // ---- What a dead owner left, in state `word`: a message that nobody was told of is ended, one that is there is nobody's
    // from now on. False: its word has changed, so that it was there and somebody has taken it.
    bool abandon(uint32_t index, MessageWord word);
    void disown(uint32_t index, MessageWord word);

    // ---- Taking: the first message of a ring becomes leased by me: its index; -EAGAIN: none; -EMSGSIZE: it is larger than
    // `capacity`, and *size says how large.
    int take_head(uint32_t ring, size_t capacity, size_t* size);
    // The same from all rings in their order, after what is due; what has expired is dropped on the way.
    int take_next(size_t capacity, size_t* size);

    // Ends the first message of each ring that has expired. False: there was none.
    bool drop_expired();
    // Ends a delayed message. False: it is none.
    bool drop_delayed(uint32_t index);
    // The first message, copied if it still is the first afterwards; its size.
    ptrdiff_t peek(void* buffer, size_t capacity);

    // ---- Ending a lease, which is `word` of descriptor `index`. False: it is so no more.
    bool end(uint32_t index, MessageWord lease);
    // It failed, whoever held it: the message comes back (not before `due`, 0: now), or is a dead letter.
    bool give_back(uint32_t index, MessageWord lease, Nanoseconds due);
    // How often the message was given back.
    uint32_t failures(uint32_t index) const;
    // Puts what was on its way back to a ring, and whose mover died, there.
    void finish_return(uint32_t index, MessageWord word);
    // What is due by now goes to the rings, and leases whose time is over end.
    void move_due();
    Nanoseconds next_due() const;
    // Says that something is due then.
    void note_due(Nanoseconds due);
    // After a death: what is due next may have been lost with whoever was to note it.
    void find_next_due();

    // Is there, as its cell says, a message of descriptor `index` at the place that `word` names?
    bool is_there(uint32_t index, MessageWord word) const;

    // Is any message that nobody can take now on its way back, or will be by itself?
    bool is_any_returning() const;
    // Nobody puts, or works on, or can take anything: there are dead letters at most.
    bool is_idle() const;

    // Tells those who wait that there are so many messages more, or that there is room.
    void filled(int count);
    void emptied();

    ByteBudget& budget() { return budget_; }
    QueueCounts counts() const;
    // Of these puts, gets and queued alone: no message is looked at, however many there can be.
    QueueCounts traffic() const;
    // Somebody has written what cannot be: going on through all messages might take for ever.
    bool is_spoilt() const { return spoilt_.load(std::memory_order_relaxed); }
    bool take_settle_wish() { return settle_wish_.exchange(false); }

  private:
    RingCursors& ring(uint32_t number) const { return rings_[number]; }
    SharedWord<uint64_t>& cell(uint32_t ring, uint64_t place) const {
        return cells_[size_t{ring} * layout_.cells + (place & (layout_.cells - 1))];
    }
    uint64_t lap(uint64_t place) const { return place >> layout_.lap_shift; }
    uint32_t first_to_try(size_t size);
    void note_pages(uint32_t index);
    bool is_empty() const;
    void trim();
    void give_pages_back(uint32_t index);
    void clear_taken(uint32_t ring, uint64_t place);
    void pass_tail(uint32_t ring, uint64_t place);
    bool drop_if_expired(uint32_t index);
    bool is_expired_at(uint32_t ring) const;
    Nanoseconds due_of(uint32_t index, MessageWord word) const;
    bool move_if_due(uint32_t index, Nanoseconds now, Nanoseconds* next);
    uint32_t count_failure(uint32_t index, MessageWord lease);
    uint32_t home_ring(uint32_t index, bool returned) const;
    ptrdiff_t peek_ring(uint32_t ring, void* buffer, size_t capacity);
    MessageWord mine(MessageState state, uint32_t ring = 0, uint64_t ticket = MessageWord::kNowhere) const {
        return {state, ring, me_, ticket};
    }

    const Segment& segment_;
    const OwnerId me_;
    Bell* const bell_;
    const QueueLayout layout_;
    const uint32_t resident_;  // the descriptors whose ranges keep their pages
    RingCursors* const rings_;
    SharedWord<uint64_t>* const cells_;
    Descriptor* const descriptors_;
    ByteBudget budget_;
    // Hints of this process.
    std::atomic<uint32_t> hint_{0};
    std::atomic<uint64_t> tail_seen_[2 * kPriorities8]{};
    std::atomic<bool> settle_wish_{false};
    std::atomic<bool> spoilt_{false};
};

}  // namespace yard::ipc
