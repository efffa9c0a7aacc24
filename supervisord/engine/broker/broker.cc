// Declaring, creating and removing; what clients ask.
#include "engine/broker/broker.h"

#include <fcntl.h>

#include <algorithm>

#include "base/text.h"
#include "conf/object_types.h"
#include "engine/broker/access_rules.h"
#include "engine/broker/object_spec.h"
#include "engine/broker/object_views.h"
#include "ipc/channel/queue.h"

namespace yard::engine {
namespace {

using control::IpcPeer;
using control::IpcRefusal;
using control::IpcResult;
using Kind = conf::ObjectConfig::Kind;

Failure<IpcRefusal> refuse(IpcRefusal::Kind kind, std::string message, std::string about = {}) {
    return {{kind, std::move(message), std::move(about), {}}};
}
Failure<IpcRefusal> refuse_failed(Error error) {
    return {{IpcRefusal::Kind::failed, std::move(error.message), {}, {}, error.code}};
}
Failure<IpcRefusal> refuse_value(std::string parameter, std::string message) {
    return refuse(IpcRefusal::Kind::invalid_value, std::move(message), std::move(parameter));
}

const std::string& kind_word(Kind kind) {
    return conf::object_kinds()[static_cast<size_t>(kind)];
}

// The same memory, for looking only.
Result<UniqueFd> reopen_for_reading(const UniqueFd& memory) {
    const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(system_error("open for reading", "the object's memory"));
    return fd;
}

}  // namespace

// What a connection opened; told when it ends.
struct Broker::Visit {
    explicit Visit(Broker& of) : broker(of) { broker.visits_.insert(this); }
    Visit(const Visit&) = delete;
    ~Visit() {
        broker.visits_.erase(this);
        broker.connection_ended(process, attachments);
    }

    Broker& broker;
    ProcessId process;
    std::set<uint32_t> attachments;
};

// ---- Declaring

ObjectRecord Broker::facts_of(const conf::ObjectConfig& config, uid_t uid, gid_t gid) const {
    ObjectRecord facts{};
    facts.kind = config.kind;
    facts.name.assign(config.name);
    facts.dead_letter.assign(config.queue.dead_letter);
    facts.uid = facts.creator = uid;
    facts.gid = gid;
    facts.mode = config.mode;
    facts.lifetime = Lifetime::dynamic;
    facts.spec = spec_of(config);
    return facts;
}

std::string Broker::mismatch(const Object& object, const conf::ObjectConfig& config) const {
    const ObjectRecord& record = *object.record;
    const std::string name = object.name();
    if (record.kind != config.kind)
        return name + " is there as " + conf::with_article(kind_word(record.kind)) + ", not as " +
               conf::with_article(kind_word(config.kind));
    const bool same =
        is_same(record.spec, spec_of(config)) && record.dead_letter.view() == config.queue.dead_letter;
    return same ? ""
                : name + " is there as " + conf::with_article(kind_word(record.kind)) +
                      " with other properties";
}

std::string Broker::conflict(const std::vector<conf::ObjectConfig>& objects) {
    for (const conf::ObjectConfig& config : objects) {
        const Object* object = store_.find(config.name);
        const std::string fault = object == nullptr ? "" : mismatch(*object, config);
        if (!fault.empty())
            return "ipc." + fault + ", which cannot change under its users; remove it first: ctl ipc rm " +
                   config.name;
    }
    return "";
}

void Broker::declare(const std::vector<DeclaredObject>& objects, ObjectLimits limits) {
    limits_ = limits;
    std::set<std::string> declared, pipes;
    for (const DeclaredObject& object : objects) declared.insert(object.config.name);
    std::vector<uint32_t> gone;
    for (const auto& [number, object] : store_.objects()) {
        if (object.record->lifetime == Lifetime::declared && !declared.contains(object.name()))
            gone.push_back(number);
    }
    for (const uint32_t number : gone) remove_object(*store_.at(number));
    for (const DeclaredObject& object : objects) declare_one(object);
    for (const auto& [number, object] : store_.objects()) {
        if (object.is_pipe()) pipes.insert(object.name());
    }
    store_.pipes().remove_all_but(pipes);
}

void Broker::declare_one(const DeclaredObject& declared) {
    const conf::ObjectConfig& config = declared.config;
    ObjectRecord facts = facts_of(config, declared.uid, declared.gid);
    facts.lifetime = Lifetime::declared;
    Object* object = store_.find(config.name);
    if (object == nullptr) {
        const Result<Object*> made = store_.create(facts);
        made ? begin_to_measure(**made) : parts_.problem("ipc." + config.name + ": " + made.error().message);
        return;
    }
    if (const std::string fault = mismatch(*object, config); !fault.empty())
        return parts_.problem("ipc." + fault);
    store_.registry().set_lifetime(object->number, Lifetime::declared);
    const ObjectRecord& record = *object->record;
    if (record.uid == facts.uid && record.gid == facts.gid && record.mode == facts.mode) return;
    store_.registry().set_owner(object->number, facts.uid, facts.gid, facts.mode);
    if (!object->is_pipe()) return;
    const Status given = store_.pipes().give(object->memory, config.name, facts.uid, facts.gid, facts.mode);
    if (!given) parts_.problem("ipc." + config.name + ": " + given.error().message);
}

// ---- Creating and removing

std::string Broker::limit_refusal(uid_t uid, uint64_t bytes) const {
    uint32_t objects = 1;
    for (const auto& [number, object] : store_.objects()) {
        if (object.record->creator != uid || object.record->lifetime == Lifetime::declared) continue;
        ++objects;
        bytes += most_bytes(object.record->kind, object.record->spec);
    }
    const std::string who = "uid " + std::to_string(uid);
    if (objects > limits_.objects)
        return who + " has " + std::to_string(objects - 1) + " objects; daemon.ipc_objects allows " +
               std::to_string(limits_.objects);
    if (bytes > limits_.bytes)
        return "the objects of " + who + " could come to " + std::to_string(bytes) +
               " bytes; daemon.ipc_bytes allows " + std::to_string(limits_.bytes);
    return "";
}

// ""; or why the dead letters of such a queue could not go where they are to.
std::string Broker::letters_refusal(const conf::ObjectConfig::Queue& queue) {
    if (queue.dead_letter.empty()) return "";
    const Object* to = store_.find(queue.dead_letter);
    if (to == nullptr || to->record->kind != Kind::queue) return "there is no queue " + queue.dead_letter;
    const uint64_t most = to->record->spec.max_message;
    if (most >= queue.max_message) return "";
    return queue.dead_letter + " takes messages of at most " + std::to_string(most) +
           " bytes, less than max_message here";
}

IpcResult<bool> Broker::create(const IpcPeer& peer, const control::IpcCreation& creation) {
    if (const std::string no = manage_refusal(peer, "create", creation.name); !no.empty())
        return refuse(IpcRefusal::Kind::not_permitted, no);
    Result<conf::ObjectConfig> config = conf::read_object(creation.name, creation.kind, creation.options);
    if (!config) return refuse_value("options", config.error().message);
    config->mode = creation.mode;
    if (const Object* present = store_.find(creation.name)) {
        const std::string other = mismatch(*present, *config);
        if (creation.exist_ok && other.empty()) return false;
        return refuse_failed({other.empty() ? creation.name + " is there already" : other, EEXIST});
    }
    if (creation.ephemeral && config->kind == Kind::pipe)
        return refuse_value("lifetime", "nobody knows who uses a pipe; expected dynamic");
    if (const std::string no = letters_refusal(config->queue); !no.empty())
        return refuse_value("options", "queue.dead_letter: " + no);
    const control::Credentials& owner = peer.credentials;
    ObjectRecord facts = facts_of(*config, owner.uid, owner.gid);
    if (creation.ephemeral) facts.lifetime = creation.attach ? Lifetime::ephemeral : Lifetime::awaiting;
    if (const std::string no = limit_refusal(owner.uid, most_bytes(facts.kind, facts.spec)); !no.empty())
        return refuse_failed({no, EDQUOT});
    const Result<Object*> made = store_.create(facts);
    if (!made) return refuse_failed(made.error());
    begin_to_measure(**made);
    if (!creation.ephemeral || !creation.attach) return true;
    // Its first user is who made it, so that it does not outlive one who dies before opening it.
    const IpcResult<uint32_t> first = attach_peer(peer, **made);
    if (first) return true;
    remove_object(**made);
    return Failure<IpcRefusal>{first.error()};
}

IpcResult<Unit> Broker::remove(const IpcPeer& peer, const std::string& name) {
    if (const std::string no = manage_refusal(peer, "remove", name); !no.empty())
        return refuse(IpcRefusal::Kind::not_permitted, no);
    IpcResult<Object*> object = known(peer, name);
    if (!object) return Failure<IpcRefusal>{object.error()};
    remove_object(**object);
    return Unit{};
}

// ---- Opening

IpcResult<Object*> Broker::known(const IpcPeer& peer, const std::string& name) {
    if (Object* object = store_.find(name)) return object;
    std::vector<std::string> names;
    for (const auto& [number, object] : store_.objects()) {
        if (is_visible(peer, object)) names.push_back(object.name());
    }
    return Failure<IpcRefusal>{{IpcRefusal::Kind::no_such_object, "", name, nearest_word(name, names)}};
}

std::string Broker::refusal(const IpcPeer& peer, const Object& object, bool writable) const {
    return open_refusal(peer, *object.record, writable, parts_.use_of(peer.credentials.uid, object.name()));
}

bool Broker::is_visible(const IpcPeer& peer, const Object& object) const {
    return peer.role >= control::Role::observe || refusal(peer, object, false).empty();
}

IpcResult<Object*> Broker::permitted(const IpcPeer& peer, const std::string& name, bool writable) {
    IpcResult<Object*> object = known(peer, name);
    if (!object) return object;
    if (const std::string no = refusal(peer, **object, writable); !no.empty())
        return refuse(IpcRefusal::Kind::not_permitted, no);
    return object;
}

IpcResult<Broker::Caller> Broker::caller(const IpcPeer& peer) {
    Result<UniqueFd> pidfd = peer.open_process();
    if (!pidfd) return refuse_failed(pidfd.error());
    const Result<ProcessId> process = parts_.processes->identify(*pidfd);
    if (!process) return refuse_failed(process.error());
    return Caller{*process, std::move(*pidfd)};
}

std::optional<uint32_t> Broker::attachment_of(const Object& object, ProcessId process) const {
    const auto client = clients_.find(process);
    if (client == clients_.end()) return std::nullopt;
    const auto found = std::ranges::find_if(client->second, [&](uint32_t attachment) {
        return store_.registry().attachment(attachment).object == object.number;
    });
    return found == client->second.end() ? std::nullopt : std::optional(*found);
}

// The process still has it, and no other connection of it may just have been given it.
bool Broker::was_left_behind(uint32_t attachment, ProcessId process) const {
    const AttachmentRecord& record = store_.registry().attachment(attachment);
    if (record.used == 0 || record.process() != process || record.start.generation != 0) return false;
    return std::ranges::none_of(visits_,
                                [&](const Visit* visit) { return visit->attachments.contains(attachment); });
}

IpcResult<uint32_t> Broker::attach_peer(const IpcPeer& peer, Object& object) {
    IpcResult<Caller> caller = this->caller(peer);
    if (!caller) return Failure<IpcRefusal>{caller.error()};
    const ProcessId process = caller->process;
    if (!*peer.companion) *peer.companion = std::make_shared<Visit>(*this);
    auto& visit = *std::static_pointer_cast<Visit>(*peer.companion);
    visit.process = process;
    if (const auto present = attachment_of(object, process)) {
        visit.attachments.insert(*present);
        return *present;
    }
    if (Status watched = parts_.processes->watch(process, std::move(caller->pidfd)); !watched)
        return refuse_failed(watched.error());
    AttachmentRecord facts{};
    facts.uid = peer.credentials.uid;
    facts.since_wall_ns = parts_.clock->wall_now().time_since_epoch().count();
    facts.start_ticks = process.start_ticks;
    facts.pid = process.pid;
    const std::optional<uint32_t> attachment = store_.attach(object, facts);
    if (!attachment)
        return refuse_failed({object.name() + " has as many users as there can be: 8191", EUSERS});
    clients_[process].insert(*attachment);
    visit.attachments.insert(*attachment);
    return *attachment;
}

Result<Unit, IpcRefusal> Broker::check_open(const Object& object, const std::string& kind,
                                            bool writable) const {
    const std::string& is = kind_word(object.record->kind);
    if (!kind.empty() && kind != is)
        return refuse_value(
            "kind", object.name() + " is " + conf::with_article(is) + ", not " + conf::with_article(kind));
    if (!writable && object.record->kind != Kind::shm && !object.is_pipe())
        return refuse_value(
            "writable", conf::with_article(is) + " cannot be opened for reading alone: waiting writes too");
    return Unit{};
}

IpcResult<control::IpcOpened> Broker::open(const IpcPeer& peer, const std::string& name,
                                           const std::string& kind, bool writable) {
    IpcResult<Object*> found = permitted(peer, name, writable);
    if (!found) return Failure<IpcRefusal>{found.error()};
    Object& object = **found;
    if (const auto checked = check_open(object, kind, writable); !checked)
        return Failure<IpcRefusal>{checked.error()};
    if (object.is_pipe()) {
        control::IpcOpened pipe;
        pipe.id = std::to_string(object.record->id);
        pipe.kind = kind_word(object.record->kind);
        pipe.path = store_.pipes().path(name);
        return pipe;
    }
    const IpcResult<uint32_t> attachment = attach_peer(peer, object);
    if (!attachment) return Failure<IpcRefusal>{attachment.error()};
    return opened(object, *attachment, writable);
}

IpcResult<control::IpcOpened> Broker::opened(const Object& object, uint32_t attachment, bool writable) {
    control::IpcOpened answer;
    answer.id = std::to_string(object.record->id);
    answer.kind = kind_word(object.record->kind);
    const AttachmentRecord& record = store_.registry().attachment(attachment);
    answer.owner = record.owner;
    Result<UniqueFd> memory = writable
                                  ? Result<UniqueFd>(UniqueFd(fcntl(object.memory.get(), F_DUPFD_CLOEXEC, 0)))
                                  : reopen_for_reading(object.memory);
    Result<UniqueFd> bell = ipc::reopen_bell_pipe(object.bell.fd());
    if (!memory || !*memory || !bell) {
        if (record.opens == 0) give_back(attachment, {});
        return refuse_failed(system_error("pass on", object.name()));
    }
    answer.fds.push_back(std::move(*memory));
    answer.fds.push_back(std::move(*bell));
    store_.registry().set_opens(attachment, record.opens + 1);
    return answer;
}

IpcResult<Unit> Broker::detach(const IpcPeer& peer, const std::string& id, uint32_t owner) {
    Object* object = store_.find_id(id);
    if (object == nullptr) return Unit{};  // it was removed, and with it everything
    const IpcResult<Caller> caller = this->caller(peer);
    if (!caller) return Failure<IpcRefusal>{caller.error()};
    const auto attachment = attachment_of(*object, caller->process);
    const bool own = attachment && store_.registry().attachment(*attachment).owner == owner;
    if (!own) return refuse_value("owner", "the caller does not have this owner slot in " + object->name());
    const uint32_t opens = store_.registry().attachment(*attachment).opens;
    if (opens > 1) {
        store_.registry().set_opens(*attachment, opens - 1);
        return Unit{};
    }
    const uint32_t number = object->number;
    give_back(*attachment, {});
    remove_if_left(number);
    return Unit{};
}

IpcResult<Unit> Broker::settle(const IpcPeer& peer, const std::string& name) {
    const IpcResult<Object*> object = permitted(peer, name, true);
    if (!object) return Failure<IpcRefusal>{object.error()};
    settle(**object);
    return Unit{};
}

// ---- Looking

void Broker::begin_to_measure(Object& object) {
    if (!object.segment || object.segment->spec().kind != ipc::Kind::queue) return;
    const ipc::QueueCounts so_far = ipc::Queue(*object.segment, ipc::kBroker, nullptr).traffic();
    static_cast<void>(object.meter.look(parts_.clock->now(), {so_far.puts, so_far.gets}));
}

std::vector<control::IpcObject> Broker::list(const IpcPeer& peer, const std::vector<std::string>& globs) {
    std::vector<control::IpcObject> found;
    for (auto& [number, object] : store_.objects()) {
        if (!is_visible(peer, object)) continue;
        const std::string name = object.name();
        const bool wanted = globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
                                return matches_glob(glob, name);
                            });
        if (!wanted) continue;
        found.push_back(
            view_of(object, object.is_pipe() ? store_.pipes().path(name) : "", parts_.clock->now()));
    }
    std::ranges::sort(found, {}, &control::IpcObject::name);
    return found;
}

IpcResult<std::vector<control::IpcUser>> Broker::who(const IpcPeer& peer, const std::string& name) {
    const IpcResult<Object*> found =
        peer.role >= control::Role::observe ? known(peer, name) : permitted(peer, name, false);
    if (!found) return Failure<IpcRefusal>{found.error()};
    std::vector<control::IpcUser> users = users_of(**found, store_.registry(), parts_.clock->wall_now());
    for (control::IpcUser& user : users) {
        if (user.pid != 0) user.service = parts_.service_of(user.pid);
    }
    return users;
}

}  // namespace yard::engine
