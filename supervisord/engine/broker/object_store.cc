#include "engine/broker/object_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <vector>

#include "engine/broker/object_spec.h"

namespace yard::engine {
namespace {

using Kind = conf::ObjectConfig::Kind;

constexpr uint32_t kOwnersOfAPage = 4096 / sizeof(ipc::OwnerRecord);

bool is_pipe(const ObjectRecord& record) {
    return record.kind == Kind::pipe;
}

}  // namespace

Result<ObjectStore> ObjectStore::open(ObjectKeeper& keeper, HeldFds& held, PipeFiles pipes,
                                      const Problem& problem) {
    UniqueFd memory = held.take(HeldKind::registry);
    const bool is_first = !memory;
    Result<Registry> registry = is_first ? Registry::create(&memory) : Registry::open(memory);
    if (!registry) return fail(std::move(registry).error());
    if (is_first) keeper.hold(HeldKind::registry, 0, memory.get());
    ObjectStore store(keeper, std::move(*registry), std::move(pipes));
    store.take_over(held, problem);
    return store;
}

void ObjectStore::take_over(HeldFds& held, const Problem& problem) {
    for (uint32_t number = 0; number < registry_.objects_end(); ++number) {
        const ObjectRecord& record = registry_.object(number);
        if (record.state == ObjectState::free) continue;
        Status adopted = fail("it was being made or removed");
        if (record.state == ObjectState::live) {
            adopted = adopt(number, held.take(HeldKind::channel, number), held.take(HeldKind::bell, number));
            if (!adopted) problem(std::string(record.name.view()) + " is lost: " + adopted.error().message);
        }
        if (!adopted) give_up(number);
    }
    for (HeldKind kind : {HeldKind::channel, HeldKind::bell}) {
        for (const uint32_t number : held.numbers(kind)) keeper_->release(kind, number);
    }
    for (uint32_t n = 0; n < registry_.attachments_end(); ++n) {
        const AttachmentRecord& record = registry_.attachment(n);
        if (record.used == 0) continue;
        if (Object* object = at(record.object)) {
            object->users[record.owner] = n;
        } else {
            registry_.detach(n);
        }
    }
}

Status ObjectStore::adopt(uint32_t number, UniqueFd memory, UniqueFd bell) {
    const ObjectRecord& record = registry_.object(number);
    if (!memory || (!bell && !is_pipe(record))) return fail("the keeper does not hold its memory");
    Object object{number, &record, std::move(memory), 0, BrokerBell(std::move(bell)), std::nullopt};
    if (!is_pipe(record)) {
        if (Status mapped = map(object); !mapped) return mapped;
    }
    enter(std::move(object));
    return Ok();
}

// Whoever maps it may have written anything, also what it says of itself.
Status ObjectStore::map(Object& object) {
    Result<ipc::Segment> segment = ipc::Segment::map(object.memory, true);
    if (!segment) return fail(std::move(segment).error());
    if (!is_same(segment->spec(), object.record->spec)) return fail("somebody has spoilt its memory", EPROTO);
    object.segment = std::move(*segment);
    return Ok();
}

Object& ObjectStore::enter(Object object) {
    struct stat info {};
    fstat(object.memory.get(), &info);
    object.inode = info.st_ino;
    by_name_[object.name()] = object.number;
    return objects_.insert_or_assign(object.number, std::move(object)).first->second;
}

Object* ObjectStore::at(uint32_t number) {
    const auto found = objects_.find(number);
    return found == objects_.end() ? nullptr : &found->second;
}

Object* ObjectStore::find(const std::string& name) {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : at(found->second);
}

Object* ObjectStore::find_id(const std::string& id) {
    for (auto& [number, object] : objects_) {
        if (std::to_string(object.record->id) == id) return &object;
    }
    return nullptr;
}

Result<Object> ObjectStore::make(uint32_t number) {
    const ObjectRecord& record = registry_.object(number);
    Object object{number, &record, UniqueFd(), 0, BrokerBell(UniqueFd()), std::nullopt};
    if (is_pipe(record)) {
        Result<UniqueFd> fifo = pipes_.open(record.name.view(), record.uid, record.gid, record.mode);
        if (!fifo) return fail(std::move(fifo).error());
        object.memory = std::move(*fifo);
        return object;
    }
    const std::string name = "yard:" + object.name();
    Result<ipc::Segment> segment = ipc::Segment::create(record.spec, name.c_str(), &object.memory);
    if (!segment) return fail(std::move(segment).error());
    object.segment = std::move(*segment);
    // Whoever was given it for reading must not open it again for writing, by way of /proc/self/fd.
    if (fchmod(object.memory.get(), 0600) != 0) return fail(system_error("change the mode of", name));
    Result<UniqueFd> bell = ipc::make_bell_pipe();
    if (!bell) return fail(std::move(bell).error());
    object.bell = BrokerBell(std::move(*bell));
    return object;
}

Result<Object*> ObjectStore::create(const ObjectRecord& facts) {
    const std::optional<uint32_t> number = registry_.add(facts);
    if (!number) return fail("there can be " + std::to_string(Registry::kMaxObjects) + " objects at most");
    Result<Object> made = make(*number);
    if (!made) {
        give_up(*number);
        return fail(std::move(made).error());
    }
    keeper_->hold(HeldKind::channel, *number, made->memory.get());
    if (!made->is_pipe()) keeper_->hold(HeldKind::bell, *number, made->bell.fd());
    keeper_->flush();
    registry_.set_state(*number, ObjectState::live);
    return &enter(std::move(*made));
}

// Of a record that has begun and is nobody's any more.
void ObjectStore::give_up(uint32_t number) {
    registry_.set_state(number, ObjectState::removing);
    const ObjectRecord& record = registry_.object(number);
    if (is_pipe(record)) pipes_.remove(record.name.view());
    for (uint32_t n = 0; n < registry_.attachments_end(); ++n) {
        const AttachmentRecord& attachment = registry_.attachment(n);
        if (attachment.used != 0 && attachment.object == number) registry_.detach(n);
    }
    keeper_->release(HeldKind::channel, number);
    keeper_->release(HeldKind::bell, number);
    registry_.set_state(number, ObjectState::free);
}

void ObjectStore::remove(uint32_t number) {
    Object& object = objects_.at(number);
    registry_.set_state(number, ObjectState::removing);
    if (object.segment) {
        ipc::SegmentHeader& header = object.segment->header();
        header.closed.store(1);
        header.readable.wake_all_surely();
        header.writable.wake_all_surely();
        object.bell.ring();
    }
    by_name_.erase(object.name());
    give_up(number);
    objects_.erase(number);
}

std::optional<uint32_t> ObjectStore::attach(Object& object, AttachmentRecord& facts) {
    constexpr uint32_t kUsers = ipc::kOwnerSlots - 1;
    if (object.users.size() >= kUsers) return std::nullopt;
    // Not the one that was given back last: what is late for its old owner shall not meet a new one. Among few, so that
    // users who come and go do not bring every page of the records into being.
    const auto users = static_cast<uint32_t>(object.users.size());
    const uint32_t among = std::clamp<uint32_t>(2 * users, kOwnersOfAPage - 1, kUsers);
    do {
        object.last_owner = object.last_owner % among + 1;
    } while (object.users.contains(object.last_owner));
    facts.object = object.number;
    facts.owner = object.last_owner;
    const std::optional<uint32_t> attachment = registry_.attach(facts);
    if (!attachment) return std::nullopt;
    if (object.record->lifetime == Lifetime::awaiting)
        registry_.set_lifetime(object.number, Lifetime::ephemeral);
    object.users[facts.owner] = *attachment;
    ipc::OwnerRecord& shown = object.segment->owner(facts.owner);
    shown.waiting.store(0);
    shown.pid.store(static_cast<uint32_t>(facts.pid));
    return attachment;
}

void ObjectStore::detach(uint32_t attachment) {
    const AttachmentRecord& record = registry_.attachment(attachment);
    if (Object* object = at(record.object)) object->users.erase(record.owner);
    registry_.detach(attachment);
}

}  // namespace yard::engine
