#include "engine/control/goal_task.h"

#include "engine/control/service_json.h"

namespace yard::engine::control {

GoalTask::GoalTask(Call& call, ControlBackend& backend, EventHub& hub, std::vector<Target> targets)
    : call_(call), backend_(backend), targets_(std::move(targets)), open_(targets_.size()) {
    for (size_t i = 0; i < targets_.size(); ++i) index_[targets_[i].id] = i;
    subscription_ = hub.subscribe([this](ServiceId id, const Event& event) { on_event(id, event); });
}

void GoalTask::begin(Answer answer) {
    answer_ = std::move(answer);
    for (Target& target : targets_) {
        if (target.standing != Goal::Standing::open) continue;
        judge(target, backend_.facts(target.id).actual);
        target.at_once = target.standing == Goal::Standing::reached;
    }
    answer_when_settled();
}

void GoalTask::give_up_after(Duration time, Answer answer) {
    if (call_.is_finished()) return;
    alarm_ = backend_.alarm(time, [this, give_up = std::move(answer)] { give_up(call_, targets_); });
}

void GoalTask::on_event(ServiceId id, const Event& event) {
    const auto found = index_.find(id);
    if (found == index_.end()) return;
    Target& target = targets_[found->second];
    if (target.standing != Goal::Standing::open) return;
    // Steps are news, not a record: who does not read them misses some.
    if (call_.more() && !call_.congested()) call_.progress(step_json(event));
    judge(target, event.to);
    answer_when_settled();
}

void GoalTask::judge(Target& target, State passed) {
    const Goal::Standing standing = target.goal.judge(passed, backend_.facts(target.id));
    // Before begin() its own wish may be still to come: a stop of its neighbour moved it.
    if (standing == Goal::Standing::missed && !answer_) return;
    target.standing = standing;
    if (target.standing != Goal::Standing::open) --open_;
}

void GoalTask::answer_when_settled() {
    if (open_ == 0 && answer_ && !call_.is_finished()) answer_(call_, targets_);
}

}  // namespace yard::engine::control
