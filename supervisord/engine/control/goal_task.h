// A call that is answered when each of some services has reached its goal or missed it.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/control/backend.h"
#include "engine/control/call.h"
#include "engine/control/goal.h"
#include "engine/event_hub.h"

namespace yard::engine::control {

class GoalTask final : public Task {
  public:
    struct Target {
        ServiceId id = 0;
        Goal goal;
        Goal::Standing standing = Goal::Standing::open;
        bool at_once = false;  // it stood there already when begin() looked
    };
    using Answer = std::function<void(Call&, const std::vector<Target>&)>;

    // Hears events from now on, and tells each to a caller that asked for more and keeps up. Everything must
    // outlive the task.
    GoalTask(Call& call, ControlBackend& backend, EventHub& hub, std::vector<Target> targets);

    // Looks at what is true now; then `answer` is called once, as soon as no target is open: perhaps at once.
    void begin(Answer answer);
    // After begin(): calls `answer` with what is open then, unless the call is answered before.
    void give_up_after(Duration time, Answer answer);

  private:
    void on_event(ServiceId id, const Event& event);
    void judge(Target& target, State passed);
    void answer_when_settled();

    Call& call_;
    ControlBackend& backend_;
    std::vector<Target> targets_;
    std::unordered_map<ServiceId, size_t> index_;
    size_t open_;
    Answer answer_;
    std::unique_ptr<ControlBackend::Pending> alarm_;
    EventHub::Subscription subscription_;
};

}  // namespace yard::engine::control
