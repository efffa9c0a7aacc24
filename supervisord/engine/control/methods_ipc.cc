// Channel objects.
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "engine/control/methods.h"

namespace yard::engine::control {
namespace {

using varlink::JsonWriter;

IpcPeer peer_of(Call& call) {
    return {call.caller().credentials, call.caller().role, [&call] { return call.open_peer(); },
            &call.companion()};
}

void answer_refused(Call& call, const IpcRefusal& refusal) {
    switch (refusal.kind) {
        case IpcRefusal::Kind::no_such_object: {
            Json parameters = Json().set("name", refusal.about);
            if (!refusal.nearest.empty()) parameters.set("nearest", refusal.nearest);
            return call.error("org.yardmaster.NoSuchObject", parameters);
        }
        case IpcRefusal::Kind::not_permitted:
            return call.error(kNotPermitted, Json()
                                                 .set("role", to_string(Role::operate))
                                                 .set("has", to_string(call.caller().role))
                                                 .set("message", refusal.message));
        case IpcRefusal::Kind::invalid_value:
            return answer_invalid(call, refusal.about.c_str(), refusal.message);
        case IpcRefusal::Kind::failed:
            return answer_failed(call, {refusal.message, refusal.code});
    }
}

void answer(Call& call, const IpcResult<Unit>& done) {
    done ? call.reply() : answer_refused(call, done.error());
}

// As a file would have them. Nothing: the call was answered.
std::optional<conf::ObjectOptions> options_of(Call& call) {
    conf::ObjectOptions options;
    for (const auto& [key, value] : call.parameters()["options"].as_object()) {
        if (value.is_array() || value.is_object() || value.is_null()) {
            answer_invalid(call, "options", key + ": expected text, a number or a boolean");
            return std::nullopt;
        }
        options.emplace_back(key, value.is_string() ? value.as_string() : value.dump());
    }
    return options;
}

std::string octal(uint32_t mode) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%03o", mode & 0777);
    return digits;
}

// As exact as it is of use.
double rounded(double rate) {
    return std::round(rate * 10) / 10;
}

void write_object(JsonWriter& json, const IpcObject& object) {
    json.begin_object().member("name", object.name).member("kind", object.kind);
    json.member("uid", object.uid).member("gid", object.gid).member("mode", octal(object.mode));
    json.member("lifetime", object.lifetime).member("bytes", object.bytes);
    json.member("users", object.users).member("waiters", object.waiters);
    if (!object.path.empty()) json.member("path", object.path);
    for (const auto& [name, number] : object.numbers) json.member(name, number);
    if (object.closed) json.member("closed", *object.closed);
    if (object.put_rate) json.member("put_rate", rounded(*object.put_rate));
    if (object.get_rate) json.member("get_rate", rounded(*object.get_rate));
    json.end_object();
}

void write_user(JsonWriter& json, const IpcUser& user) {
    json.begin_object().member("owner", user.owner).member("pid", user.pid).member("uid", user.uid);
    if (!user.service.empty()) json.member("service", user.service);
    json.member("since", format_rfc3339(user.since));
    if (user.waiting_since) json.member("waiting_since", format_rfc3339(*user.waiting_since));
    json.member("holds", user.holds).member("leases", user.leases);
    if (user.held_since) json.member("held_since", format_rfc3339(*user.held_since));
    json.end_object();
}

}  // namespace

void Methods::ipc_create(Call& call) {
    const Json& parameters = call.parameters();
    const std::string lifetime = parameters.has("lifetime") ? parameters["lifetime"].as_string() : "dynamic";
    if (lifetime != "dynamic" && lifetime != "ephemeral")
        return answer_invalid(call, "lifetime", "expected dynamic or ephemeral, not \"" + lifetime + "\"");
    const int64_t mode = parameters["mode"].as_int(0600);
    if (mode < 0 || mode > 0777)
        return answer_invalid(call, "mode", "expected a number from 0 to 511, which is octal 777");
    std::optional<conf::ObjectOptions> options = options_of(call);
    if (!options) return;
    const IpcCreation creation{
        parameters["name"].as_string(),    parameters["kind"].as_string(), *std::move(options),
        lifetime == "ephemeral",           static_cast<uint32_t>(mode),    parameters["exist_ok"].as_bool(),
        parameters["attach"].as_bool(true)};
    const IpcResult<bool> created = backend_.ipc().create(peer_of(call), creation);
    if (!created) return answer_refused(call, created.error());
    call.reply(JsonWriter().begin_object().member("created", *created).end_object().take());
}

void Methods::ipc_open(Call& call) {
    const Json& parameters = call.parameters();
    IpcResult<IpcOpened> opened =
        backend_.ipc().open(peer_of(call), parameters["name"].as_string(), parameters["kind"].as_string(),
                            parameters["writable"].as_bool(true));
    if (!opened) return answer_refused(call, opened.error());
    JsonWriter json;
    json.begin_object().member("id", opened->id).member("kind", opened->kind).member("owner", opened->owner);
    if (!opened->path.empty()) json.member("path", opened->path);
    const std::string text = json.end_object().take();
    opened->fds.empty() ? call.reply(text) : call.reply_with(std::move(opened->fds), text);
}

void Methods::ipc_detach(Call& call) {
    const int64_t owner = call.parameters()["owner"].as_int();
    if (owner < 0 || owner > UINT32_MAX)
        return answer_invalid(call, "owner", "expected what IpcOpen answered");
    answer(call, backend_.ipc().detach(peer_of(call), call.parameters()["id"].as_string(),
                                       static_cast<uint32_t>(owner)));
}

void Methods::ipc_list(Call& call) {
    std::vector<std::string> globs;
    for (const Json& name : call.parameters()["names"].as_array()) globs.push_back(name.as_string());
    JsonWriter json;
    json.begin_object().key("objects").begin_array();
    for (const IpcObject& object : backend_.ipc().list(peer_of(call), globs)) write_object(json, object);
    call.reply(json.end_array().end_object().take());
}

void Methods::ipc_who(Call& call) {
    const IpcResult<std::vector<IpcUser>> users =
        backend_.ipc().who(peer_of(call), call.parameters()["name"].as_string());
    if (!users) return answer_refused(call, users.error());
    JsonWriter json;
    json.begin_object().key("users").begin_array();
    for (const IpcUser& user : *users) write_user(json, user);
    call.reply(json.end_array().end_object().take());
}

void Methods::ipc_settle(Call& call) {
    answer(call, backend_.ipc().settle(peer_of(call), call.parameters()["name"].as_string()));
}

void Methods::ipc_remove(Call& call) {
    answer(call, backend_.ipc().remove(peer_of(call), call.parameters()["name"].as_string()));
}

}  // namespace yard::engine::control
