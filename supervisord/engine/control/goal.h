// What a waiting caller wants of one service, and how that stands.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/service_facts.h"

namespace yard::engine::control {

class Goal {
  public:
    enum class Standing : uint8_t {
        open,
        reached,
        missed,  // it failed, or someone else wants the opposite by now
    };

    // Running, or completed; of a one-shot, whose start is its work, only completed.
    static Goal up(bool oneshot) { return up_again(oneshot, 0); }
    // The same, by a start later than `generation`.
    static Goal up_again(bool oneshot, uint32_t generation) {
        return {Kind::up, generation, oneshot ? State::completed : State::running};
    }
    static Goal down() { return {Kind::down, 0, State::stopped}; }
    // Where a reload leads: up, or down for good.
    static Goal at_rest(bool oneshot) {
        return {Kind::at_rest, 0, oneshot ? State::completed : State::running};
    }
    // In that state; nothing: running or completed. Never missed.
    static Goal in(std::optional<State> state) {
        return state ? Goal{Kind::state, 0, *state} : Goal{Kind::any_up, 0, State::running};
    }

    // `passed` is a state that the service was in, `settled` the facts of now: an event may tell of a state
    // that did not last.
    Standing judge(State passed, const ServiceFacts& settled) const;

  private:
    enum class Kind : uint8_t { up, down, at_rest, state, any_up };
    Goal(Kind kind, uint32_t generation, State state) : kind_(kind), state_(state), generation_(generation) {}

    Kind kind_;
    State state_;
    uint32_t generation_;
};

}  // namespace yard::engine::control
