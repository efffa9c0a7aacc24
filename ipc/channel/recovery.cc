#include "ipc/channel/recovery.h"

#include <climits>

#include "ipc/channel/lock.h"
#include "ipc/channel/queue_core.h"
#include "ipc/channel/semaphore.h"

namespace yard::ipc {
namespace {

// True: there was a claim.
bool take_message_back(QueueCore& core, uint32_t index, OwnerId owner, bool* dead_letter) {
    const MessageWord word = MessageWord::of(core.descriptor(index).word.load());
    *dead_letter = word.state == MessageState::dead;
    if (word.owner != owner) return false;
    switch (word.state) {
        case MessageState::writing:
            return core.abandon(index, word);
        case MessageState::publishing:
            if (!core.is_there(index, word)) return core.abandon(index, word);
            core.disown(index, word);
            return true;
        case MessageState::leased:
        case MessageState::failing:
            core.give_back(index, word, 0);
            *dead_letter = MessageWord::of(core.descriptor(index).word.load()).state == MessageState::dead;
            return true;
        case MessageState::returning:
            core.finish_return(index, word);
            return true;
        case MessageState::free:
        case MessageState::delayed:
        case MessageState::dead:
            return false;
    }
    return false;
}

Recovered recover_queue(const Segment& segment, OwnerId owner, Bell* bell) {
    QueueCore core(segment, kBroker, bell);
    Recovered recovered;
    for (uint32_t index = 0; index < core.layout().capacity && !core.is_spoilt(); ++index) {
        bool dead_letter = false;
        recovered.claims += take_message_back(core, index, owner, &dead_letter);
        recovered.dead_letters |= dead_letter;
    }
    core.find_next_due();
    return recovered;
}

// Before the claim is free: who gets it next is told who died.
void note_death(const Segment& segment, const Death& death) {
    LastDeath& last = segment.header().last_death;
    last.pid.store(death.pid);
    last.wait_status.store(death.wait_status);
    last.time_ns.store(boot_now());
}

Recovered recover_semaphore(const Segment& segment, OwnerId owner, const Death& death) {
    Semaphore semaphore(segment, kBroker, nullptr);
    if (semaphore.held_by_owner()[owner] > 0) note_death(segment, death);
    return {.claims = semaphore.take_back(owner)};
}

Recovered recover_lock(const Segment& segment, OwnerId owner, const Death& death) {
    Lock lock(segment, kBroker, nullptr);
    const ClaimWord holder = lock.holder();
    if (holder.state == ClaimState::held && holder.owner == owner) note_death(segment, death);
    return {.claims = lock.take_back(owner)};
}

Recovered take_claims_back(const Segment& segment, OwnerId owner, const Death& death, Bell* bell) {
    switch (segment.spec().kind) {
        case Kind::queue:
            return recover_queue(segment, owner, bell);
        case Kind::semaphore:
            return recover_semaphore(segment, owner, death);
        case Kind::lock:
            return recover_lock(segment, owner, death);
        case Kind::event:
        case Kind::shm:
            return {};
    }
    return {};
}

}  // namespace

Recovered recover(const Segment& segment, OwnerId owner, const Death& death, Bell* bell) {
    const Recovered recovered = take_claims_back(segment, owner, death, bell);
    OwnerRecord& record = segment.owner(owner);
    record.waiting.store(0);
    record.pid.store(0);
    segment.header().readable.wake_all_surely();
    segment.header().writable.wake_all_surely();
    if (bell != nullptr) bell->ring();
    return recovered;
}

}  // namespace yard::ipc
