// What the dead had; the starts of services; taking over.
#include <algorithm>
#include <iterator>
#include <vector>

#include "engine/broker/broker.h"
#include "ipc/channel/recovery.h"

namespace yard::engine {
namespace {

constexpr Duration kSettlePause = std::chrono::seconds(1);

}  // namespace

Result<std::unique_ptr<Broker>> Broker::open(Parts parts, HeldFds& held, PipeFiles pipes) {
    Result<ObjectStore> store = ObjectStore::open(*parts.keeper, held, std::move(pipes), parts.problem);
    if (!store) return fail(std::move(store).error());
    std::unique_ptr<Broker> broker(new Broker(std::move(parts), std::move(*store)));
    broker->take_over();
    return broker;
}

Broker::Broker(Parts parts, ObjectStore store) : parts_(std::move(parts)), store_(std::move(store)) {
    parts_.processes->on_death = [this](ProcessId process, int32_t status) { died(process, status); };
}

void Broker::take_over() {
    // Letters first: one that was being moved is known by its place in both queues.
    for (auto& [number, object] : store_.objects()) settle(object);
    for (auto& [number, object] : store_.objects()) {
        if (object.segment) ipc::recover(*object.segment, ipc::kBroker, {}, &object.bell);
    }
    std::set<ProcessId> dead;
    for (auto& [number, object] : store_.objects()) {
        begin_to_measure(object);
        for (const auto& [owner, attachment] : object.users) {
            const AttachmentRecord& record = store_.registry().attachment(attachment);
            const ProcessId process = record.process();
            if (record.start.generation != 0) starts_[record.start].insert(attachment);
            if (process.pid == 0) continue;
            clients_[process].insert(attachment);
            const Status watched = parts_.processes->watch(process);
            if (watched) continue;
            if (watched.error().code == ESRCH)
                dead.insert(process);
            else
                parts_.problem(watched.error().message + "; its claims are kept");
        }
    }
    for (const ProcessId process : dead) died(process, ipc::kStatusUnknown);
    std::vector<uint32_t> numbers;
    for (const auto& [number, object] : store_.objects()) numbers.push_back(number);
    for (const uint32_t number : numbers) remove_if_left(number);
}

// ---- Deaths

void Broker::died(ProcessId process, int32_t wait_status) {
    const auto client = clients_.find(process);
    if (client == clients_.end()) return;
    give_back_all(client->second, {static_cast<uint32_t>(process.pid), wait_status});
}

void Broker::give_back_all(std::set<uint32_t> attachments, const ipc::Death& death) {
    std::set<uint32_t> objects;
    for (const uint32_t attachment : attachments) {
        objects.insert(store_.registry().attachment(attachment).object);
        give_back(attachment, death);
    }
    for (const uint32_t number : objects) remove_if_left(number);
}

void Broker::give_back(uint32_t attachment, const ipc::Death& death) {
    const AttachmentRecord& record = store_.registry().attachment(attachment);
    Object& object = *store_.at(record.object);
    const ipc::Recovered recovered = ipc::recover(*object.segment, record.owner, death, &object.bell);
    forget(attachment);
    store_.detach(attachment);
    if (recovered.dead_letters) settle(object);
}

// The attachment is nobody's any more.
void Broker::forget(uint32_t attachment) {
    const AttachmentRecord& record = store_.registry().attachment(attachment);
    const auto client = clients_.find(record.process());
    if (client != clients_.end() && client->second.erase(attachment) != 0 && client->second.empty()) {
        parts_.processes->forget(client->first);
        clients_.erase(client);
    }
    const auto start = starts_.find(record.start);
    if (start != starts_.end() && start->second.erase(attachment) != 0 && start->second.empty())
        starts_.erase(start);
}

void Broker::remove_object(Object& object) {
    for (const auto& [owner, attachment] : object.users) forget(attachment);
    unsettled_.erase(object.number);
    store_.remove(object.number);
}

void Broker::remove_if_left(uint32_t number) {
    Object* object = store_.at(number);
    if (object != nullptr && object->record->lifetime == Lifetime::ephemeral && object->users.empty())
        remove_object(*object);
}

// Not from within the connection's own end; and not at all when this engine is about to hand over.
void Broker::connection_ended(ProcessId process, const std::set<uint32_t>& attachments) {
    parts_.deferred->post([this, process, attachments] { leave_what_is_not_used(process, attachments); });
}

void Broker::leave_what_is_not_used(ProcessId process, const std::set<uint32_t>& attachments) {
    std::vector<uint32_t> left;
    std::ranges::copy_if(attachments, std::back_inserter(left),
                         [&](uint32_t attachment) { return was_left_behind(attachment, process); });
    const auto memory = left.empty() ? std::nullopt : parts_.processes->memory_of(process);
    if (!memory) return;
    for (const uint32_t attachment : left) {
        const uint32_t number = store_.registry().attachment(attachment).object;
        if (memory->contains(store_.at(number)->inode)) continue;
        // It lives, and runs another program.
        give_back(attachment, {static_cast<uint32_t>(process.pid), ipc::kStatusUnknown});
        remove_if_left(number);
    }
}

// ---- Dead letters

// True: there is more to do at once.
bool Broker::move_letters(Object& object) {
    const std::string to = std::string(object.record->dead_letter.view());
    Object* letters = to.empty() ? nullptr : store_.find(to);
    if (letters == nullptr || !letters->segment || letters->segment->spec().kind != ipc::Kind::queue)
        return false;
    const ipc::Settled settled = ipc::move_dead_letters(*object.segment, *letters->segment, &letters->bell);
    settled.left == 0 ? void(unsettled_.erase(object.number)) : void(unsettled_.insert(object.number));
    return settled.is_cut;
}

void Broker::settle(Object& object) {
    const bool is_scheduled = !unsettled_.empty();
    const bool is_cut = move_letters(object);
    // Asking again and again must not put the others off.
    if (is_cut || !is_scheduled) settle_later(is_cut);
}

void Broker::settle_later(bool at_once) {
    if (unsettled_.empty()) return;
    parts_.later(at_once ? Duration::zero() : kSettlePause, [this] { settle_again(); });
}

void Broker::settle_again() {
    bool is_cut = false;
    for (const uint32_t number : std::set<uint32_t>(unsettled_)) is_cut |= move_letters(*store_.at(number));
    settle_later(is_cut);
}

// ---- Services

Result<uint32_t> Broker::attach_start(Object& object, StartId start, uid_t uid) {
    for (const auto& [owner, attachment] : object.users) {
        if (store_.registry().attachment(attachment).start == start) return attachment;
    }
    AttachmentRecord facts{};
    facts.uid = uid;
    facts.start = start;
    facts.opens = 1;
    facts.since_wall_ns = parts_.clock->wall_now().time_since_epoch().count();
    const std::optional<uint32_t> attachment = store_.attach(object, facts);
    if (!attachment) return fail("ipc." + object.name() + " has as many users as there can be: 8191");
    starts_[start].insert(*attachment);
    return *attachment;
}

Result<std::vector<PassedObject>> Broker::attach(StartId start, uid_t uid,
                                                 const std::map<std::string, conf::ObjectUse>& uses) {
    std::vector<PassedObject> passed;
    for (const auto& [name, use] : uses) {
        Object* object = store_.find(name);
        if (object == nullptr) return fail("ipc: there is no object " + name + " now; was it removed?");
        PassedObject one{name, use, object->number, 0, ""};
        if (object->is_pipe()) {
            one.pipe = store_.pipes().path(name);
        } else {
            const Result<uint32_t> attachment = attach_start(*object, start, uid);
            if (!attachment) return fail(attachment.error());
            one.owner = store_.registry().attachment(*attachment).owner;
        }
        passed.push_back(std::move(one));
    }
    return passed;
}

void Broker::started(StartId start, pid_t pid) {
    const auto found = starts_.find(start);
    if (found == starts_.end()) return;
    const std::optional<ProcessId> process = parts_.processes->find(pid);
    // If it is gone already, the keeper says so in a moment.
    if (!process || !parts_.processes->watch(*process)) return;
    for (const uint32_t attachment : found->second) {
        const AttachmentRecord& record = store_.registry().attachment(attachment);
        store_.registry().set_process(attachment, *process);
        if (Object* object = store_.at(record.object))
            object->segment->owner(record.owner).pid.store(static_cast<uint32_t>(pid));
        clients_[*process].insert(attachment);
    }
}

void Broker::ended(StartId start, int32_t wait_status) {
    const auto found = starts_.find(start);
    if (found == starts_.end()) return;
    const pid_t pid = store_.registry().attachment(*found->second.begin()).pid;
    give_back_all(found->second, {static_cast<uint32_t>(pid), wait_status});
}

void Broker::keep_starts(const std::set<StartId>& starts) {
    std::vector<StartId> over;
    for (const auto& [start, attachments] : starts_) {
        if (!starts.contains(start)) over.push_back(start);
    }
    for (const StartId start : over) ended(start, ipc::kStatusUnknown);
}

}  // namespace yard::engine
