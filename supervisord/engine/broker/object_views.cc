#include "engine/broker/object_views.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "conf/object_types.h"
#include "ipc/channel/claim_word.h"
#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/queue.h"
#include "ipc/channel/semaphore.h"

namespace yard::engine {
namespace {

using control::IpcObject;
using control::IpcUser;

constexpr const char* kLifetimes[] = {"declared", "dynamic", "ephemeral", "ephemeral"};

void describe_queue(Object& object, BootTime now, IpcObject* view) {
    const ipc::Segment& segment = *object.segment;
    const ipc::QueueCounts counts = ipc::Queue(segment, ipc::kBroker, nullptr).counts();
    view->numbers = {{"size", counts.queued},
                     {"capacity", segment.spec().capacity},
                     {"queued_bytes", static_cast<int64_t>(counts.bytes)},
                     {"puts", static_cast<int64_t>(counts.puts)},
                     {"gets", static_cast<int64_t>(counts.gets)},
                     {"leased", counts.leased},
                     {"delayed", counts.delayed},
                     {"dead", counts.dead},
                     {"dropped", static_cast<int64_t>(counts.dropped)},
                     {"expired", static_cast<int64_t>(counts.expired)},
                     {"redelivered", static_cast<int64_t>(counts.redelivered)}};
    view->closed = counts.closed;
    const QueueRates rates = object.meter.look(now, {counts.puts, counts.gets});
    view->put_rate = rates.puts;
    view->get_rate = rates.gets;
}

void describe_semaphore(const Object& object, IpcObject* view) {
    const ipc::Semaphore semaphore(*object.segment, ipc::kBroker, nullptr);
    const std::vector<uint32_t> held = semaphore.held_by_owner();
    int64_t holders = 0;
    for (const auto& [owner, attachment] : object.users) holders += held[owner] > 0 ? 1 : 0;
    view->numbers = {
        {"value", semaphore.value()}, {"capacity", object.segment->spec().capacity}, {"holders", holders}};
}

void describe_pipe(const Object& object, IpcObject* view) {
    int waiting = 0;
    ioctl(object.memory.get(), FIONREAD, &waiting);
    view->bytes = waiting;
    view->numbers = {{"size", waiting}, {"capacity", fcntl(object.memory.get(), F_GETPIPE_SZ)}};
}

void describe_kind(Object& object, BootTime now, IpcObject* view) {
    if (object.is_pipe()) return describe_pipe(object, view);
    const ipc::Segment& segment = *object.segment;
    switch (segment.spec().kind) {
        case ipc::Kind::queue:
            return describe_queue(object, now, view);
        case ipc::Kind::semaphore:
            return describe_semaphore(object, view);
        case ipc::Kind::lock: {
            const auto state = ipc::Lock(segment, ipc::kBroker, nullptr).holder().state;
            view->numbers = {{"holders", state == ipc::ClaimState::held ? 1 : 0}};
            return;
        }
        case ipc::Kind::event:
            view->numbers = {{"value", ipc::event_word(segment).load() != 0 ? 1 : 0}};
            return;
        case ipc::Kind::shm:
            view->numbers = {{"size", static_cast<int64_t>(segment.spec().size)}};
            return;
    }
}

// Threads; who spoils the memory may claim to be many, but not fewer than none.
int64_t waiters_of(const ipc::OwnerRecord& user) {
    return std::max(static_cast<int32_t>(user.waiting.load()), 0);
}

std::vector<uint32_t> leases_by_owner(const ipc::Segment& segment) {
    const ipc::QueueCore core(segment, ipc::kBroker, nullptr);
    std::vector<uint32_t> leases(ipc::kOwnerSlots);
    for (uint32_t i = 0; i < core.layout().capacity; ++i) {
        const ipc::MessageWord word = ipc::MessageWord::of(core.descriptor(i).word.load());
        if (word.state == ipc::MessageState::leased) ++leases[word.owner];
    }
    return leases;
}

// Looks at the memory once for all users, of whom there may be as many as claims.
std::vector<uint32_t> claims_by_owner(const ipc::Segment& segment) {
    const ipc::Kind kind = segment.spec().kind;
    if (kind == ipc::Kind::queue) return leases_by_owner(segment);
    if (kind == ipc::Kind::semaphore) return ipc::Semaphore(segment, ipc::kBroker, nullptr).held_by_owner();
    std::vector<uint32_t> claims(ipc::kOwnerSlots);
    if (kind != ipc::Kind::lock) return claims;
    const ipc::ClaimWord holder = ipc::Lock(segment, ipc::kBroker, nullptr).holder();
    if (holder.state == ipc::ClaimState::held) claims[holder.owner] = 1;
    return claims;
}

// Since when each user has the first of what it has, as coarse_now_ms; nothing of those who have nothing.
std::map<ipc::OwnerId, uint64_t> held_since(const ipc::Segment& segment) {
    std::map<ipc::OwnerId, uint64_t> first;
    const auto note = [&first](ipc::OwnerId owner, uint64_t since_ms) {
        uint64_t& known = first.try_emplace(owner, since_ms).first->second;
        known = std::min(known, since_ms);
    };
    if (segment.spec().kind == ipc::Kind::queue) {
        const ipc::QueueCore core(segment, ipc::kBroker, nullptr);
        for (uint32_t i = 0; i < core.layout().capacity; ++i) {
            const ipc::Descriptor& message = core.descriptor(i);
            const ipc::MessageWord word = ipc::MessageWord::of(message.word.load());
            if (word.state == ipc::MessageState::leased) note(word.owner, message.leased_ms.load());
        }
    } else if (segment.spec().kind == ipc::Kind::semaphore) {
        ipc::Semaphore(segment, ipc::kBroker, nullptr).for_each_held(note);
    } else if (segment.spec().kind == ipc::Kind::lock) {
        const ipc::ClaimWord holder = ipc::Lock(segment, ipc::kBroker, nullptr).holder();
        if (holder.state == ipc::ClaimState::held) note(holder.owner, holder.since_ms);
    }
    return first;
}

// As far as it can be: users may have written anything.
WallTime wall_time(uint64_t since_ms, WallTime now) {
    const uint64_t now_ms = ipc::coarse_now_ms();
    return now - std::chrono::milliseconds(now_ms - std::min(since_ms, now_ms));
}

// What the process says of itself, as far as it can be.
WallTime waiting_since(const ipc::OwnerRecord& shown, WallTime since, WallTime now) {
    const int64_t boot = ipc::boot_now();
    const Duration waited(boot - std::clamp<int64_t>(shown.waiting_since_ns.load(), 0, boot));
    return std::max(since, now - waited);
}

}  // namespace

IpcObject view_of(Object& object, std::string path, BootTime now) {
    const ObjectRecord& record = *object.record;
    IpcObject view;
    view.name = object.name();
    view.kind = conf::object_kinds()[static_cast<size_t>(record.kind)];
    view.lifetime = kLifetimes[static_cast<size_t>(record.lifetime)];
    view.path = std::move(path);
    view.uid = record.uid;
    view.gid = record.gid;
    view.mode = record.mode;
    struct stat info {};
    if (!object.is_pipe() && fstat(object.memory.get(), &info) == 0) view.bytes = info.st_blocks * 512;
    view.users = static_cast<int64_t>(object.users.size());
    for (const auto& [owner, attachment] : object.users)
        view.waiters += waiters_of(object.segment->owner(owner));
    describe_kind(object, now, &view);
    return view;
}

std::vector<IpcUser> users_of(const Object& object, const Registry& registry, WallTime now) {
    std::vector<IpcUser> users;
    if (object.is_pipe()) return users;
    const std::vector<uint32_t> claims = claims_by_owner(*object.segment);
    const bool is_queue = object.segment->spec().kind == ipc::Kind::queue;
    const std::map<ipc::OwnerId, uint64_t> since = held_since(*object.segment);
    for (const auto& [owner, attachment] : object.users) {
        const AttachmentRecord& record = registry.attachment(attachment);
        IpcUser user;
        user.owner = owner;
        user.pid = record.pid;
        user.uid = record.uid;
        user.since = WallTime(Duration(record.since_wall_ns));
        const ipc::OwnerRecord& shown = object.segment->owner(owner);
        if (waiters_of(shown) > 0) user.waiting_since = waiting_since(shown, user.since, now);
        (is_queue ? user.leases : user.holds) = claims[owner];
        if (const auto first = since.find(owner); first != since.end())
            user.held_since = wall_time(first->second, now);
        users.push_back(std::move(user));
    }
    return users;
}

}  // namespace yard::engine
