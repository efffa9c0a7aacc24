#include "ipc/channel/queue.h"

#include <errno.h>

#include <climits>
#include <cstring>

#include "ipc/channel/claim_word.h"
#include "ipc/channel/object_spec.h"

namespace yard::ipc {
namespace {

// descriptor + 1: 20 | ticket 44. Never 0.
uint64_t message_id(uint32_t index, uint64_t ticket) {
    return uint64_t{index + 1} << 44 | ticket;
}

}  // namespace

// ---- Putting.

int Queue::check(size_t size, const PutOptions& options) const {
    const ObjectSpec& spec = core_.segment().spec();
    if (size > spec.max_message) return -EMSGSIZE;
    const uint32_t priorities = core_.layout().rings / 2;
    if (options.priority >= priorities || options.delay < 0 || options.ttl < 0) return -EINVAL;
    return core_.header().closed.load() != 0 ? -EPIPE : 0;
}

// Drops the message that would be taken last among those that were there first. False: all are leased.
bool Queue::drop_one() {
    size_t size = 0;
    for (uint32_t ring = 0; ring < core_.layout().rings; ++ring) {
        const int index = core_.take_head(ring, SIZE_MAX, &size);
        if (index < 0) continue;
        core_.release(static_cast<uint32_t>(index));
        return true;
    }
    return false;
}

int Queue::claim_or_make_room(size_t size) {
    if (core_.header().closed.load() != 0) return -EPIPE;
    const bool drops = core_.segment().spec().full_policy == static_cast<uint32_t>(FullPolicy::drop_oldest);
    for (bool nothing_to_drop = !drops;;) {
        const int index = core_.has_room(size) ? core_.claim(size) : -EAGAIN;
        if (index != -EAGAIN) return index;
        if (core_.drop_expired()) continue;
        if (nothing_to_drop) return -EAGAIN;
        if (drop_one()) {
            core_.head().dropped.add(1);
        } else {
            nothing_to_drop = true;  // as all are leased, or because others have just taken what there was
        }
    }
}

int Queue::claim(size_t size, Nanoseconds until) {
    const auto policy = static_cast<FullPolicy>(core_.segment().spec().full_policy);
    if (policy != FullPolicy::block) until = 0;
    return wait_until(
        core_.header().writable, core_.my_record(), put_spin_, until,
        [&] { return claim_or_make_room(size); }, [] { return kForever; });
}

void Queue::describe(uint32_t index, size_t size, const PutOptions& options) {
    Descriptor& descriptor = core_.descriptor(index);
    const Nanoseconds ttl = options.ttl != 0 ? options.ttl : core_.segment().spec().ttl_ns;
    descriptor.size.put(static_cast<uint32_t>(size));
    descriptor.priority.put(options.priority);
    descriptor.failures.put(0);
    descriptor.lease_until.put(0);
    descriptor.origin.put(0);
    descriptor.expires_ns.put(ttl == 0 ? 0 : later(time_in(options.delay), ttl));
}

int Queue::send(uint32_t index, const PutOptions& options) {
    if (options.delay > 0) {
        core_.delay(index, time_in(options.delay));
        return 0;
    }
    return core_.publish(index, ring_of(options.priority, false), MessageState::publishing);
}

int Queue::put(std::span<const std::byte> bytes, const PutOptions& options, Nanoseconds until) {
    const int done = put_many({&bytes, 1}, options, until);
    return done < 0 ? done : 0;
}

int Queue::put_many(std::span<const std::span<const std::byte>> messages, const PutOptions& options,
                    Nanoseconds until) {
    int done = 0;
    int error = 0;
    for (const std::span<const std::byte> bytes : messages) {
        if (error = check(bytes.size(), options); error != 0) break;
        const int index = claim(bytes.size(), done == 0 ? until : 0);
        if (index == -EAGAIN &&
            core_.segment().spec().full_policy == static_cast<uint32_t>(FullPolicy::drop_newest)) {
            core_.head().dropped.add(1);
            ++done;
            continue;
        }
        if (error = index; index < 0) break;
        const auto mine = static_cast<uint32_t>(index);
        describe(mine, bytes.size(), options);
        if (!bytes.empty()) std::memcpy(core_.payload(mine, bytes.size()), bytes.data(), bytes.size());
        if (error = send(mine, options); error != 0) break;
        ++done;
    }
    if (done == 0) return error;
    core_.filled(done);
    return done;
}

int Queue::loan(size_t size, const PutOptions& options, Nanoseconds until, Message* message) {
    if (const int error = check(size, options); error != 0) return error;
    const int index = claim(size, until);
    if (index < 0) return index;
    const auto mine = static_cast<uint32_t>(index);
    core_.descriptor(mine).size.put(static_cast<uint32_t>(size));
    *message = {message_id(mine, MessageWord::kNowhere), core_.payload(mine, size), size, options.priority,
                0};
    return 0;
}

int Queue::commit(const Message& message, size_t size, const PutOptions& options) {
    uint32_t index = 0;
    MessageWord word{};
    if (!find(message.id, MessageState::writing, &index, &word)) return -ESTALE;
    if (size > message.size) return -EMSGSIZE;
    if (const int error = check(size, options); error != 0) return error;
    // What was promised to be large may lie in the range of the descriptor: where it lies follows from the size.
    if (size <= QueueCore::kInlineBytes && message.size > QueueCore::kInlineBytes)
        std::memcpy(core_.payload(index, size), message.data, size);
    describe(index, size, options);
    if (const int error = send(index, options); error != 0) return error;
    core_.filled(1);
    return 0;
}

int Queue::cancel(const Message& message) {
    uint32_t index = 0;
    MessageWord word{};
    if (!find(message.id, MessageState::writing, &index, &word)) return -ESTALE;
    core_.release(index);
    core_.emptied();
    return 0;
}

// ---- Taking.

int Queue::take_index(size_t capacity, Nanoseconds until, size_t* size) {
    const auto attempt = [&] {
        // Looked at first: what was put before it was closed is found.
        const bool closed = core_.header().closed.load() != 0;
        const int index = core_.take_next(capacity, size);
        if (index == -EMSGSIZE) core_.filled(1);  // the wake-up for it is somebody else's
        if (index != -EAGAIN || !closed) return index;
        // The next due time may be that of a lease that has ended since.
        return core_.next_due() != kForever && core_.is_any_returning() ? -EAGAIN : -EPIPE;
    };
    return wait_until(core_.header().readable, core_.my_record(), take_spin_, until, attempt,
                      [this] { return core_.next_due(); });
}

ptrdiff_t Queue::take(void* buffer, size_t capacity, Nanoseconds until, size_t* size) {
    size_t found = 0;
    const int index = take_index(capacity, until, &found);
    if (size != nullptr) *size = found;
    if (index < 0) return index;
    const auto mine = static_cast<uint32_t>(index);
    if (found > 0) std::memcpy(buffer, core_.payload(mine, found), found);
    core_.release(mine);
    core_.emptied();
    return static_cast<ptrdiff_t>(found);
}

int Queue::lease(Message* message, size_t capacity, Nanoseconds until, Nanoseconds limit) {
    size_t size = 0;
    const int index = take_index(capacity, until, &size);
    if (index < 0) {
        message->size = size;
        return index;
    }
    const auto mine = static_cast<uint32_t>(index);
    Descriptor& descriptor = core_.descriptor(mine);
    const MessageWord word = MessageWord::of(descriptor.word.load());
    descriptor.leased_ms.put(coarse_now_ms());
    if (limit > 0) {
        const Nanoseconds end = time_in(limit);
        descriptor.lease_until.store(end);
        core_.note_due(end);
    }
    *message = {message_id(mine, word.ticket), core_.payload(mine, size), size, descriptor.priority.peek(),
                core_.failures(mine) + 1};
    return 0;
}

bool Queue::find(uint64_t id, MessageState state, uint32_t* index, MessageWord* word) const {
    const uint64_t number = id >> 44;
    if (number == 0 || number > core_.layout().capacity) return false;
    *index = static_cast<uint32_t>(number - 1);
    *word = MessageWord::of(core_.descriptor(*index).word.load());
    return word->state == state && word->owner == core_.me() &&
           word->ticket == (id & MessageWord::kTicketMask);
}

int Queue::ack(uint64_t id) {
    uint32_t index = 0;
    MessageWord lease{};
    if (!find(id, MessageState::leased, &index, &lease) || !core_.end(index, lease)) return -ESTALE;
    core_.emptied();
    return 0;
}

int Queue::nack(uint64_t id, Nanoseconds delay) {
    if (delay < 0) return -EINVAL;
    uint32_t index = 0;
    MessageWord lease{};
    if (!find(id, MessageState::leased, &index, &lease)) return -ESTALE;
    return core_.give_back(index, lease, delay == 0 ? 0 : time_in(delay)) ? 0 : -ESTALE;
}

ptrdiff_t Queue::peek(void* buffer, size_t capacity) {
    core_.move_due();
    return core_.peek(buffer, capacity);
}

void Queue::close() {
    core_.header().closed.store(1);
    core_.header().writable.wake_all();
    core_.filled(INT_MAX);
}

uint32_t Queue::purge() {
    uint32_t purged = 0;
    // No more than there can be: others may go on putting.
    while (purged < core_.layout().capacity && drop_one()) ++purged;
    for (uint32_t index = 0; index < core_.layout().capacity; ++index) purged += core_.drop_delayed(index);
    if (purged == 0) return 0;
    core_.header().writable.wake_all();
    core_.emptied();  // for those who take, where it is closed
    return purged;
}

}  // namespace yard::ipc
