#include "engine/graph/rules.h"

namespace yard::engine::graph {

bool has_process(const ServiceFacts& facts) {
    return facts.actual == State::starting || facts.actual == State::running ||
           facts.actual == State::stopping;
}

bool is_up(const ServiceFacts& facts) {
    return facts.actual == State::starting || facts.actual == State::running ||
           facts.actual == State::completed;
}

bool must_go_down(const ServiceFacts& facts) {
    return facts.wanted == Wanted::down || facts.hold != Hold::none || facts.bounce;
}

bool expected_up(const ServiceFacts& facts) {
    return facts.wanted == Wanted::up && facts.hold == Hold::none && facts.actual != State::failed;
}

bool ready_without_check(const conf::ServiceConfig& config) {
    return config.ready.kind == conf::Readiness::Kind::none;
}

bool may_be_armed(const conf::ServiceConfig& config) {
    // Each process needs owner slots of its own in its objects, which only the engine gives.
    return ready_without_check(config) && config.ipc.empty();
}

bool condition_met(conf::Condition condition, const Node& dependency) {
    const ServiceFacts& facts = dependency.facts;
    if (facts.actual == State::completed) return true;
    const bool running = facts.actual == State::running;
    switch (condition) {
        case conf::Condition::started:
            return running || (facts.actual == State::starting && facts.phase == Phase::awaiting_ready);
        case conf::Condition::ready:
            return running && !(dependency.config.oneshot &&
                                dependency.config.ready.kind == conf::Readiness::Kind::none);
        case conf::Condition::completed:
            return false;
    }
    return false;
}

EdgeState evaluate(EdgeKind kind, conf::Condition condition, const Node& dependency) {
    const ServiceFacts& facts = dependency.facts;
    if (kind == EdgeKind::conflicts) return has_process(facts) ? EdgeState::pending : EdgeState::met;

    const bool required = kind == EdgeKind::requires_;
    if (!expected_up(facts)) return required ? EdgeState::broken : EdgeState::met;
    if (facts.bounce) return required ? EdgeState::cycling : EdgeState::pending;
    if (condition_met(condition, dependency)) return EdgeState::met;
    // What is only wanted and has failed once is no longer waited for.
    if (!required && facts.actual == State::backoff) return EdgeState::met;
    return EdgeState::pending;
}

bool holds_stop(EdgeKind kind, const ServiceFacts& dependent) {
    if (kind == EdgeKind::conflicts || !has_process(dependent)) return false;
    return kind == EdgeKind::requires_ || must_go_down(dependent) || dependent.actual == State::stopping;
}

}  // namespace yard::engine::graph
