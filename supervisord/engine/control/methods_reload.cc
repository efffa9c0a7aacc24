// The configuration: what its files would change, and changing it; and services that read files of their own.
#include <algorithm>

#include "engine/control/methods.h"
#include "engine/control/selection.h"

namespace yard::engine::control {
namespace {

using varlink::JsonWriter;

void write_names(JsonWriter& json, const char* key, const std::vector<std::string>& names) {
    json.key(key).begin_array();
    for (const std::string& name : names) json.value(name);
    json.end_array();
}

void write_keys(JsonWriter& json, const char* key, const std::vector<conf::KeyChange>& changes) {
    json.key(key).begin_array();
    for (const conf::KeyChange& change : changes) {
        json.begin_object().member("key", change.path).member("from", change.from).member("to", change.to);
        json.member("effect", conf::effect_word(change.effect)).end_object();
    }
    json.end_array();
}

std::string changes_json(const conf::Diff& changes) {
    JsonWriter json;
    json.begin_object();
    write_names(json, "removed", changes.removed);
    write_names(json, "added", changes.added);
    json.key("changed").begin_array();
    for (const conf::ServiceChange& change : changes.changed) {
        json.begin_object().member("service", change.service);
        write_names(json, "instances", change.stays);
        json.member("effect", conf::effect_word(change.effect()));
        write_keys(json, "keys", change.keys);
        json.end_object();
    }
    json.end_array();
    write_keys(json, "daemon", changes.daemon);
    write_keys(json, "ipc", changes.objects);
    return json.end_object().take();
}

Json mistakes_json(const std::vector<conf::Diagnostic>& mistakes) {
    Json::Array array;
    for (const conf::Diagnostic& each : mistakes) {
        array.push_back(Json::Object{
            {"file", each.file}, {"line", each.line}, {"column", each.column}, {"message", each.message}});
    }
    return Json(Json::Object{{"mistakes", Json(std::move(array))}});
}

void answer(Call& call, const Reloading& found) {
    if (!found.mistakes.empty())
        return call.error("org.yardmaster.InvalidConfiguration", mistakes_json(found.mistakes));
    if (!found.refusal.empty()) return answer_failed(call, {found.refusal});
    call.reply(changes_json(found.changes));
}

// Services that are asked at the same time; answers when the last one has been.
class ReloadServicesTask final : public Task {
  public:
    ReloadServicesTask(Call& call, ControlBackend& backend) : call_(call), backend_(backend) {}

    void ask(const std::vector<ServiceId>& ids) {
        for (const ServiceId id : ids) outcomes_.push_back({id});
        open_ = ids.size();
        for (size_t i = 0; i < ids.size(); ++i) {
            const auto done = [weak = std::weak_ptr(self_), i](const Status& status) {
                if (const auto task = weak.lock()) (*task)->on_done(i, status);
            };
            ask(ids[i], done);
        }
    }

  private:
    void ask(ServiceId id, const std::function<void(Status)>& done) {
        const conf::ReloadPolicy& way = backend_.config(id).reload;
        if (way.signal != 0 || !way.command.empty()) return backend_.reload_service(id, done);
        done(
            fail("its configuration does not say how to ask it: add \"reload: {signal: HUP}\" or "
                 "\"reload: {command: [...]}\""));
    }
    void on_done(size_t i, const Status& status) {
        if (!status) outcomes_[i] = {outcomes_[i].id, false, status.error().message};
        if (--open_ == 0) answer_outcomes(call_, backend_, outcomes_);
    }

    Call& call_;
    ControlBackend& backend_;
    std::vector<Outcome> outcomes_;
    size_t open_ = 0;
    const std::shared_ptr<ReloadServicesTask*> self_ = std::make_shared<ReloadServicesTask*>(this);
};

}  // namespace

void Methods::diff(Call& call) {
    answer(call, backend_.compare_configuration());
}

// Without request_id: the same files are not applied twice.
void Methods::reload(Call& call) {
    answer(call, backend_.reload());
}

void Methods::await_reload(Call& call) {
    Json::Array known;
    for (const Json& name : call.parameters()["names"].as_array()) {
        if (!backend_.find(name.as_string()).empty()) known.push_back(name);
    }
    const bool all = call.parameters()["names"].is_null();
    const auto ids = select_services(backend_, all ? Json() : Json(std::move(known)));
    std::vector<GoalTask::Target> targets;
    for (const ServiceId id : *ids)
        targets.push_back({.id = id, .goal = Goal::at_rest(backend_.config(id).oneshot)});
    const auto answer = [&backend = backend_](Call& answered, std::vector<GoalTask::Target> settled) {
        for (GoalTask::Target& target : settled) target.at_once = false;
        std::vector<Outcome> outcomes = outcomes_of(backend, settled);
        for (ServiceId id = 0; id < backend.service_count(); ++id) {
            const bool moved = std::ranges::find(settled, id, &GoalTask::Target::id) != settled.end();
            if (const Status adjusted = backend.adjusted(id); !adjusted && !moved)
                outcomes.push_back(outcome_of(id, adjusted));
        }
        answer_outcomes(answered, backend, outcomes);
    };
    call.keep(std::make_unique<GoalTask>(call, backend_, hub_, std::move(targets))).begin(answer);
}

void Methods::reload_service(Call& call) {
    const auto ids = named(call);
    if (!ids) return;
    const std::optional<bool> fresh = is_fresh(call);
    if (!fresh) return;
    if (*fresh) return call.keep(std::make_unique<ReloadServicesTask>(call, backend_)).ask(*ids);
    std::vector<Outcome> outcomes;
    for (const ServiceId id : *ids) outcomes.push_back({id});
    answer_outcomes(call, backend_, outcomes);
}

}  // namespace yard::engine::control
