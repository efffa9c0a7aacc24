// What changes services.
#include <cerrno>

#include "base/signal_number.h"
#include "base/text.h"
#include "engine/control/bystanders.h"
#include "engine/control/methods.h"

namespace yard::engine::control {
namespace {

constexpr size_t kMaxRequestId = 64;

std::string unknown_signal(const std::string& text) {
    std::vector<std::string> names;
    for (const SignalName& signal : all_signals()) names.push_back(signal.name);
    const std::string nearest = nearest_word(text.starts_with("SIG") ? text : "SIG" + text, names);
    return "there is no signal \"" + text + "\"" + (nearest.empty() ? "" : "; did you mean " + nearest + "?");
}

// "ok", or of whom it failed.
std::string result_of(const ControlBackend& backend, const std::vector<Outcome>& outcomes) {
    std::string failed;
    for (const Outcome& outcome : outcomes) {
        if (!outcome.ok) failed += (failed.empty() ? "failed: " : ", ") + backend.name(outcome.id);
    }
    return failed.empty() ? "ok" : failed;
}

}  // namespace

Outcome outcome_of(ServiceId id, const Status& done) {
    if (done) return {id};
    const bool refused = done.error().code == EACCES || done.error().code == EPERM;
    return {id, false, done.error().message, refused};
}

void answer_outcomes(Call& call, const ControlBackend& backend, const std::vector<Outcome>& outcomes) {
    call.reply(outcomes_json(backend, outcomes), result_of(backend, outcomes));
}

std::vector<Outcome> outcomes_of(const ControlBackend& backend,
                                 const std::vector<GoalTask::Target>& targets) {
    std::vector<Outcome> outcomes;
    for (const GoalTask::Target& target : targets) {
        const ServiceFacts& facts = backend.facts(target.id);
        const bool ok = target.standing != Goal::Standing::missed;
        std::string message;
        if (!ok) message = facts.reason.view();
        if (target.at_once) message = std::string("already ") + to_string(facts.actual);
        outcomes.push_back({target.id, ok, message});
    }
    return outcomes;
}

void answer_invalid(Call& call, const char* parameter, const std::string& message) {
    call.error("org.yardmaster.InvalidValue", Json().set("parameter", parameter).set("message", message));
}

void answer_failed(Call& call, const Error& error) {
    Json parameters = Json().set("message", error.message);
    if (error.code != 0) parameters.set("errno", error.code);
    call.error("org.yardmaster.Failed", parameters);
}

std::optional<std::vector<ServiceId>> Methods::named(Call& call) const {
    if (!call.parameters()["names"].as_array().empty()) return selected(call);
    answer_invalid(call, "names", "name at least one service");
    return std::nullopt;
}

std::optional<bool> Methods::is_fresh(Call& call) const {
    const Json& id = call.parameters()["request_id"];
    if (id.is_null()) return true;
    const size_t size = id.as_string().size();
    if (size > 0 && size <= kMaxRequestId) return !ledger_.seen_or_add(id.as_string());
    answer_invalid(call, "request_id", "expected 1 to " + std::to_string(kMaxRequestId) + " bytes");
    return std::nullopt;
}

void Methods::start(Call& call) {
    operate(call, Wish::start);
}
void Methods::stop(Call& call) {
    operate(call, Wish::stop);
}
void Methods::restart(Call& call) {
    operate(call, Wish::restart);
}

void Methods::operate(Call& call, Wish wish) {
    const auto ids = named(call);
    if (!ids) return;
    const std::optional<bool> fresh = is_fresh(call);
    if (!fresh) return;
    // The task listens before the wish is applied, so that no event is missed.
    std::vector<GoalTask::Target> targets = goals(wish, *ids, *fresh);
    GoalTask* task = nullptr;
    if (call.parameters()["wait"].as_bool() && !call.oneway()) {
        task = &call.keep(std::make_unique<GoalTask>(call, backend_, hub_, targets));
    }
    static constexpr const char* kDone[] = {"started by ", "stopped by ", "restarted by "};
    const std::string cause = kDone[static_cast<size_t>(wish)] + call.caller().credentials.text();
    const Bystanders bystanders(backend_);
    for (const ServiceId id : *ids) {
        if (*fresh) apply(wish, id, cause);
    }
    const auto answer = [&backend = backend_, along = bystanders.moved(*ids)](
                            Call& answered, const std::vector<GoalTask::Target>& reached) {
        std::vector<Outcome> outcomes = outcomes_of(backend, reached);
        for (const ServiceId id : along) {
            outcomes.push_back(
                {.id = id, .message = std::string(backend.facts(id).reason.view()), .along = true});
        }
        answer_outcomes(answered, backend, outcomes);
    };
    if (task != nullptr) return task->begin(answer);
    answer(call, targets);
}

std::vector<GoalTask::Target> Methods::goals(Wish wish, const std::vector<ServiceId>& ids, bool fresh) const {
    std::vector<GoalTask::Target> targets;
    for (const ServiceId id : ids) {
        const bool oneshot = backend_.config(id).oneshot;
        Goal goal = wish == Wish::stop ? Goal::down() : Goal::up(oneshot);
        // A restart that was applied before has no earlier generation to compare with any more.
        if (wish == Wish::restart && fresh) goal = Goal::up_again(oneshot, backend_.facts(id).generation);
        targets.push_back({.id = id, .goal = goal});
    }
    return targets;
}

void Methods::apply(Wish wish, ServiceId id, const std::string& cause) {
    switch (wish) {
        case Wish::start:
            return backend_.start(id, cause);
        case Wish::stop:
            return backend_.stop(id, cause);
        case Wish::restart:
            return backend_.restart(id, cause);
    }
}

void Methods::kill(Call& call) {
    const Json& text = call.parameters()["signal"];
    const std::optional<int> number = parse_signal(text.as_string());
    if (!text.is_null() && !number) return answer_invalid(call, "signal", unknown_signal(text.as_string()));
    const auto ids = named(call);
    if (!ids) return;
    const std::optional<bool> fresh = is_fresh(call);
    if (!fresh) return;
    const std::string by = call.caller().credentials.text();
    std::vector<Outcome> outcomes;
    for (const ServiceId id : *ids) {
        const conf::StopPolicy& stop = backend_.config(id).stop;
        const bool tree = call.parameters()["tree"].as_bool(text.is_null() && stop.to_tree);
        const Status sent = *fresh ? backend_.signal(id, number.value_or(stop.signal), tree, by) : Ok();
        outcomes.push_back(outcome_of(id, sent));
    }
    answer_outcomes(call, backend_, outcomes);
}

void Methods::renice(Call& call) {
    const int64_t nice = call.parameters()["nice"].as_int();
    if (nice < -20 || nice > 19) {
        return answer_invalid(call, "nice", "expected -20 (first) to 19 (last), not " + std::to_string(nice));
    }
    const auto ids = named(call);
    if (!ids) return;
    const std::optional<bool> fresh = is_fresh(call);
    if (!fresh) return;
    std::vector<Outcome> outcomes;
    for (const ServiceId id : *ids) {
        const Status done = *fresh ? backend_.renice(id, static_cast<int>(nice)) : Ok();
        outcomes.push_back(outcome_of(id, done));
    }
    answer_outcomes(call, backend_, outcomes);
}

}  // namespace yard::engine::control
