#include "ipc/client/client.h"

#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

#include "ipc/client/descriptor_identity.h"
#include "ipc/client/process_generation.h"

namespace yard::ipc {
namespace {

using varlink::Json;
using varlink::Reply;

constexpr std::chrono::seconds kReplyWithin{30};

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

Error no_such_object(const Json& parameters) {
    std::string sentence = "no object is called " + quoted(parameters["name"].as_string());
    const std::string& nearest = parameters["nearest"].as_string();
    if (!nearest.empty()) sentence += "; did you mean " + quoted(nearest) + "?";
    return {std::move(sentence), ENOENT};
}

Error not_permitted(const Json& parameters) {
    const std::string& message = parameters["message"].as_string();
    if (!message.empty()) return {message, EACCES};
    return {"this needs the role " + quoted(parameters["role"].as_string()), EACCES};
}

Error invalid_value(const Json& parameters) {
    // Of an object that is there: it is of another kind than the handle.
    if (parameters["parameter"].as_string() == "kind") return {parameters["message"].as_string(), EPROTO};
    return {"the daemon does not accept the value of " + quoted(parameters["parameter"].as_string()) + ": " +
                parameters["message"].as_string(),
            EINVAL};
}

Error failed(const Json& parameters) {
    return {parameters["message"].as_string(), static_cast<int>(parameters["errno"].as_int(EIO))};
}

Error too_many_clients(const Json& parameters) {
    return {"the daemon serves " + std::to_string(parameters["limit"].as_int()) +
                " clients, which is as many as it can",
            EUSERS};
}

struct ErrorRow {
    const char* name;
    Error (*explain)(const Json& parameters);
};
constexpr ErrorRow kErrors[] = {{"org.yardmaster.NoSuchObject", no_such_object},
                                {"org.yardmaster.NotPermitted", not_permitted},
                                {"org.yardmaster.InvalidValue", invalid_value},
                                {"org.yardmaster.Failed", failed},
                                {"org.yardmaster.TooManyClients", too_many_clients}};

Error explained(const Reply& reply) {
    for (const ErrorRow& row : kErrors) {
        if (reply.error == row.name) return row.explain(reply.parameters);
    }
    return {"the daemon answered " + reply.error, EPROTO};
}

std::string full_name(const std::string& method) {
    return "org.yardmaster." + method;
}

}  // namespace

struct Client::Link {
    const uint32_t generation = process_generation();
    std::mutex mutex;
    std::optional<varlink::Client> connection;
    DescriptorIdentity identity;
    std::unique_ptr<Link> parents;  // kept, as other threads may still look at its generation

    // Gives the connection, or the reason why there is none. REQUIRES: mutex held.
    Status ensure(const std::string& path) {
        if (connection && DescriptorIdentity::of(connection->fd()) == identity) return Ok();
        drop();
        Result<varlink::Client> made = varlink::Client::connect(path);
        if (!made) return fail(std::move(made).error());
        connection.emplace(std::move(made).value());
        connection->set_reply_within(kReplyWithin);
        note_identity();
        return Ok();
    }
    void note_identity() { identity = DescriptorIdentity::of(connection->fd()); }
    void drop() {
        if (connection && !(DescriptorIdentity::of(connection->fd()) == identity)) connection->abandon();
        connection.reset();
    }
};

Client::Client(std::string path) : path_(std::move(path)), link_(new Link) {}

Client::~Client() {
    Link& mine = link();
    mine.drop();
    delete &mine;
}

Result<std::unique_ptr<Client>> Client::connect(const std::string& socket_path) {
    std::unique_ptr<Client> client(new Client(varlink::default_socket_path(socket_path)));
    Link& link = client->link();
    if (Status connected = link.ensure(client->path_); !connected) return fail(std::move(connected).error());
    return client;
}

Client::Link& Client::link() {
    Link* seen = link_.load();
    if (seen->generation == process_generation()) return *seen;
    auto mine = std::make_unique<Link>();
    Link* const parents = seen;
    if (!link_.compare_exchange_strong(seen, mine.get())) return *seen;
    // At rest when the process forked, it can be closed here; else it stays as it was, until exec or exit.
    if (parents->mutex.try_lock()) {
        parents->drop();
        parents->mutex.unlock();
        mine->parents.reset(parents);
    }
    return *mine.release();
}

Result<Reply> Client::call_reply(const std::string& method, const Json& parameters) {
    Link& mine = link();
    const std::lock_guard lock(mine.mutex);
    if (Status connected = mine.ensure(path_); !connected) return fail(std::move(connected).error());
    Result<Reply> reply = mine.connection->call(full_name(method), parameters);
    mine.note_identity();
    // Whatever comes late must not be taken for the answer to another call.
    if (!reply) mine.drop();
    if (reply && !reply->ok()) return fail(explained(*reply));
    return reply;
}

Result<Json> Client::call(const std::string& method, const Json& parameters) {
    Result<Reply> reply = call_reply(method, parameters);
    if (!reply) return fail(std::move(reply).error());
    return std::move(reply->parameters);
}

void Client::notify(const std::string& method, const Json& parameters) {
    Link& mine = link();
    const std::lock_guard lock(mine.mutex);
    // The engine that it was connected to may be gone; then the next one is to hear it.
    for (int attempt = 0; attempt < 2 && mine.ensure(path_); ++attempt) {
        const Status sent = mine.connection->notify(full_name(method), parameters);
        if (sent || !varlink::connection_ended(sent.error())) return;
        mine.drop();
    }
}

Result<Opened> Client::open(const std::string& name, const std::string& kind, bool writable) {
    Result<Reply> reply =
        call_reply("IpcOpen", Json::Object{{"name", name}, {"kind", kind}, {"writable", writable}});
    if (!reply) return fail(std::move(reply).error());
    const Json& said = reply->parameters;
    Opened opened{said["id"].as_string(),
                  static_cast<OwnerId>(said["owner"].as_int()),
                  {},
                  {},
                  said["path"].as_string()};
    std::vector<UniqueFd>& descriptors = reply->descriptors;
    if (!opened.path.empty()) return opened;
    if (descriptors.size() < 2 || opened.owner == kBroker || opened.owner >= kOwnerSlots)
        return fail("the daemon sent no memory with its answer", EPROTO);
    opened.memory = std::move(descriptors[0]);
    opened.bell = std::move(descriptors[1]);
    return opened;
}

void Client::detach(const Opened& opened) {
    if (opened.id.empty()) return;
    notify("IpcDetach", Json::Object{{"id", opened.id}, {"owner", static_cast<int64_t>(opened.owner)}});
}

void Client::settle(const std::string& name) {
    notify("IpcSettle", Json::Object{{"name", name}});
}

}  // namespace yard::ipc
