#include "engine/control/goal.h"

namespace yard::engine::control {
namespace {

bool is_up(State state) {
    return state == State::running || state == State::completed;
}

}  // namespace

Goal::Standing Goal::judge(State passed, const ServiceFacts& settled) const {
    switch (kind_) {
        case Kind::up:
            if ((passed == state_ || passed == State::completed) &&
                (generation_ == 0 || settled.generation > generation_))
                return Standing::reached;
            // Both are states that only a new wish leaves.
            return settled.actual == State::failed || settled.actual == State::stopped ? Standing::missed
                                                                                       : Standing::open;
        case Kind::down:
            if (passed == State::stopped) return Standing::reached;
            return settled.wanted == Wanted::up ? Standing::missed : Standing::open;
        case Kind::at_rest: {
            if (settled.actual == State::failed) return Standing::missed;
            const bool is_to_go =
                settled.bounce || settled.wanted == Wanted::down || settled.hold != Hold::none;
            const bool stays_up = settled.actual == state_ || settled.actual == State::completed;
            return settled.actual == State::stopped || (stays_up && !is_to_go) ? Standing::reached
                                                                               : Standing::open;
        }
        case Kind::state:
            return passed == state_ ? Standing::reached : Standing::open;
        case Kind::any_up:
            return is_up(passed) ? Standing::reached : Standing::open;
    }
    return Standing::open;
}

}  // namespace yard::engine::control
