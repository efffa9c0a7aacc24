// What looks at services and changes nothing.
#include <algorithm>

#include "base/text.h"
#include "engine/control/methods.h"
#include "engine/control/selection.h"

namespace yard::engine::control {
namespace {

constexpr State kStates[] = {State::stopped,  State::waiting, State::starting,  State::running,
                             State::stopping, State::backoff, State::completed, State::failed};
constexpr int64_t kLongestWaitMs = int64_t{1000} * 60 * 60 * 24 * 365 * 100;

std::optional<State> parse_state(const std::string& word) {
    const auto* found = std::ranges::find_if(kStates, [&](State state) { return word == to_string(state); });
    return found == std::end(kStates) ? std::nullopt : std::optional(*found);
}

std::string unknown_state(const std::string& word) {
    std::vector<std::string> words;
    for (const State state : kStates) words.emplace_back(to_string(state));
    const std::string nearest = nearest_word(word, words);
    return "there is no state \"" + word + "\"" +
           (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
}

void answer_unknown(Call& call, const UnknownName& unknown) {
    Json parameters;
    parameters.set("name", unknown.name);
    if (!unknown.nearest.empty()) parameters.set("nearest", unknown.nearest);
    call.error("org.yardmaster.NoSuchService", parameters);
}

// Sends services in slices, so that what is asked about thousands holds nobody else up.
class StatusTask final : public Task {
  public:
    static constexpr size_t kServicesInReply = 64;

    StatusTask(Call& call, const ControlBackend& backend, std::vector<ServiceId> ids)
        : call_(call), backend_(backend), ids_(std::move(ids)), left_(ids_) {}
    void send() {
        while (!call_.congested()) {
            const std::span<const ServiceId> slice = left_.first(std::min(kServicesInReply, left_.size()));
            left_ = left_.subspan(slice.size());
            if (left_.empty()) return call_.reply(services_json(backend_, slice));
            call_.progress(services_json(backend_, slice));
        }
    }
    void on_drained() override { send(); }

  private:
    Call& call_;
    const ControlBackend& backend_;
    const std::vector<ServiceId> ids_;
    std::span<const ServiceId> left_;
};

struct PsTask final : Task {
    std::unique_ptr<ControlBackend::Pending> list;
};

std::vector<ServiceId> ids_of(const std::vector<GoalTask::Target>& targets) {
    std::vector<ServiceId> ids;
    for (const GoalTask::Target& target : targets) ids.push_back(target.id);
    return ids;
}

std::string what_is_open(const ControlBackend& backend, const std::vector<GoalTask::Target>& targets) {
    const auto open = std::ranges::find(targets, Goal::Standing::open, &GoalTask::Target::standing);
    const auto others =
        std::ranges::count(open + 1, targets.end(), Goal::Standing::open, &GoalTask::Target::standing);
    std::string text = backend.name(open->id) + " is " + to_string(backend.facts(open->id).actual);
    if (others > 0) text += ", and " + std::to_string(others) + " more are not there yet";
    return text;
}

}  // namespace

std::optional<std::vector<ServiceId>> Methods::selected(Call& call) const {
    Result<std::vector<ServiceId>, UnknownName> ids = select_services(backend_, call.parameters()["names"]);
    if (ids.ok()) return std::move(ids).value();
    answer_unknown(call, ids.error());
    return std::nullopt;
}

void Methods::status(Call& call) {
    auto ids = selected(call);
    if (!ids) return;
    if (!call.more()) return call.reply(services_json(backend_, *ids));
    call.keep(std::make_unique<StatusTask>(call, backend_, std::move(*ids))).send();
}

void Methods::wait(Call& call) {
    const Json& word = call.parameters()["state"];
    const std::optional<State> state = parse_state(word.as_string());
    if (!word.is_null() && !state) return answer_invalid(call, "state", unknown_state(word.as_string()));
    const Json& timeout = call.parameters()["timeout_ms"];
    if (timeout.as_int() < 0) return answer_invalid(call, "timeout_ms", "expected 0 or more milliseconds");
    const auto ids = named(call);
    if (!ids) return;
    std::vector<GoalTask::Target> targets;
    for (const ServiceId id : *ids) targets.push_back({.id = id, .goal = Goal::in(state)});

    GoalTask& task = call.keep(std::make_unique<GoalTask>(call, backend_, hub_, std::move(targets)));
    task.begin([&backend = backend_](Call& answered, const std::vector<GoalTask::Target>& reached) {
        answered.reply(services_json(backend, ids_of(reached)));
    });
    if (timeout.is_null()) return;
    const auto give_up = [&backend = backend_](Call& late, const std::vector<GoalTask::Target>& left) {
        late.error("org.yardmaster.TimedOut", Json().set("message", what_is_open(backend, left)));
    };
    task.give_up_after(std::chrono::milliseconds(std::min(timeout.as_int(), kLongestWaitMs)), give_up);
}

void Methods::ps(Call& call) {
    const auto ids = selected(call);
    if (!ids) return;
    call.keep(std::make_unique<PsTask>()).list = backend_.processes(
        *ids, [&call](const std::vector<ProcessInfo>& list) { call.reply(processes_json(list)); });
}

void Methods::show(Call& call) {
    const Json names(Json::Array{call.parameters()["name"]});
    const Result<std::vector<ServiceId>, UnknownName> ids = select_services(backend_, names);
    if (!ids.ok()) return answer_unknown(call, ids.error());
    // Instances differ in their names only.
    const ControlBackend::Description shown = backend_.describe(ids->front());
    varlink::JsonWriter json;
    json.begin_object().member("config", shown.config).member("origins", shown.origins);
    call.reply(json.end_object().take());
}

}  // namespace yard::engine::control
