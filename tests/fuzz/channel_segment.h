// One user of an object whose memory somebody spoils: every call, and then the broker's recovery.
#pragma once

#include <cstdint>
#include <vector>

#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/queue.h"
#include "ipc/channel/recovery.h"
#include "ipc/channel/semaphore.h"

namespace yard::ipc {

inline void use_queue(const Segment& segment, OwnerId me) {
    Queue queue(segment, me, nullptr);
    // Of its real size, so that a copy too far is seen.
    const std::vector<std::byte> text(segment.spec().max_message < 300 ? segment.spec().max_message : 300);
    std::vector<std::byte> buffer(64);
    queue.put(text, {}, 0);
    queue.put(text, {.delay = 1}, 0);
    Message message;
    if (queue.loan(text.size(), {}, 0, &message) == 0) queue.commit(message, text.size() / 2, {});
    queue.take(buffer.data(), buffer.size(), 0);
    if (queue.lease(&message, SIZE_MAX, 0, 1) == 0) queue.nack(message.id, 1);
    if (queue.lease(&message, SIZE_MAX, 0) == 0) queue.ack(message.id);
    queue.peek(buffer.data(), buffer.size());
    queue.counts();
    queue.next_due();
    queue.purge();
}

inline void use_semaphore(const Segment& segment, OwnerId me) {
    Semaphore semaphore(segment, me, nullptr);
    semaphore.acquire(PermitUse::resource, 0);
    semaphore.acquire(PermitUse::token, 0);
    semaphore.release();
    semaphore.held_by_owner();
    semaphore.value();
}

inline void use_lock(const Segment& segment, OwnerId me) {
    Lock lock(segment, me, nullptr);
    lock.acquire(0);
    lock.acquire(1);
    lock.holder();
    lock.release();
}

inline void use_event(const Segment& segment, OwnerId me) {
    Event event(segment, me, nullptr);
    event.set();
    event.wait(0);
    event.clear();
    event.wait(1);
}

inline void use(const Segment& segment, OwnerId me) {
    switch (segment.spec().kind) {
        case Kind::queue:
            return use_queue(segment, me);
        case Kind::semaphore:
            return use_semaphore(segment, me);
        case Kind::lock:
            return use_lock(segment, me);
        case Kind::event:
            return use_event(segment, me);
        case Kind::shm:
            return;
    }
}

}  // namespace yard::ipc
