// Settling: each service that changed, or whose neighbours did, is decided on until nothing changes any more;
// then what was decided is stored, and only then carried out.
#include "engine/graph/machine.h"

namespace yard::engine::graph {

void Machine::settle() {
    for (;;) {
        if (Node* node = dirty_.pop()) {
            decide(*node);
        } else if (starting_ < parallel_starts_ && !runnable_.empty()) {
            begin_start(*runnable_.pop());
        } else {
            break;
        }
    }
    act();
}

void Machine::decide(Node& node) {
    update_hold(node);
    const ServiceFacts& facts = node.facts;
    const bool go_down = must_go_down(facts);
    switch (facts.actual) {
        case State::stopped:
            if (!go_down) transition_to(node, State::waiting, Phase::none);
            break;
        case State::waiting:
            if (go_down) {
                transition_to(node, State::stopped, Phase::none);
            } else {
                queue_start(node);
            }
            break;
        case State::backoff:
            if (go_down) transition_to(node, State::stopped, Phase::none);
            break;
        case State::starting:
        case State::running:
        case State::completed:
            if (go_down && node.stop_blockers == 0) begin_stop(node);
            break;
        case State::failed:
            if (facts.wanted == Wanted::down) transition_to(node, State::stopped, Phase::none);
            break;
        case State::stopping:
            break;
    }
    update_arming(node);
}

// A service follows what it requires: down while that is given up, around a restart of it, back when it is
// back. What has completed or failed stays as it is.
void Machine::update_hold(Node& node) {
    ServiceFacts& facts = node.facts;
    const bool follows = expected_up(facts) && facts.actual != State::completed;
    if (follows && node.in(EdgeState::broken) > 0) {
        for (const Edge& edge : topology_.dependencies(node)) {
            if (edge.state != EdgeState::broken) continue;
            facts.reason.assign(requires_missing(topology_.node(edge.dependency)));
            break;
        }
        facts.hold = Hold::dependency;
        facts.bounce = false;
        touch(node);
    } else if (follows && node.in(EdgeState::cycling) > 0 && is_up(facts) && !facts.bounce) {
        facts.reason.assign("what it requires is restarted");
        facts.bounce = true;
        touch(node);
    } else if (facts.hold == Hold::dependency && node.in(EdgeState::broken) == 0) {
        facts.reason.assign("what it requires is back");
        facts.hold = Hold::none;
        touch(node);
    }
}

// The keeper may restart what the policy is certain to restart at once and nothing else could delay.
void Machine::update_arming(Node& node) {
    ServiceFacts& facts = node.facts;
    std::optional<ArmTerms> terms;
    // The keeper does not see the exit of a process that MAINPID= named, and starts as the engine did last.
    const bool certain = facts.actual == State::running && !must_go_down(facts) && node.unmet() == 0 &&
                         !facts.main_moved && !facts.outdated;
    if (certain && may_be_armed(node.config)) terms = arm_terms(node.config, facts.books);
    if (terms.has_value() == facts.armed) return;
    facts.armed = terms.has_value();
    request(node, facts.armed ? kArm : kDisarm);
}

void Machine::queue_start(Node& node) {
    if (node.unmet() > 0) {
        runnable_.remove(node);
        return explain_waiting(node);
    }
    if (waits_for_leaving(node)) return explain(node, "waiting for what was removed to stop");
    if (runnable_.contains(node)) return;
    runnable_.push(node);
    if (starting_ + runnable_.size() <= parallel_starts_) return;
    explain(node, "waiting for other services to finish their start");
}

void Machine::explain(Node& node, std::string_view why) {
    node.facts.reason.assign(why);
    node.explained = true;
    node.blocker = kNoBlocker;
    touch_quietly(node);
}

// Names the first dependency that is not met; looks on from the one named last, so that a service with
// thousands of dependencies costs one walk in all.
void Machine::explain_waiting(Node& node) {
    const std::span<const Edge> edges = topology_.dependencies(node);
    const bool named = node.explained && node.blocker < edges.size();
    if (named && edges[node.blocker].state != EdgeState::met) return;
    if (node.blocker >= edges.size()) node.blocker = 0;
    while (edges[node.blocker].state == EdgeState::met) {
        node.blocker = static_cast<uint32_t>((node.blocker + 1) % edges.size());
    }
    const Edge& edge = edges[node.blocker];
    node.facts.reason.assign(waiting_for(edge, topology_.node(edge.dependency)));
    node.explained = true;
    touch_quietly(node);
}

void Machine::act() {
    changed_.for_each([this](Node& node) {
        number_event(node);
        effects_.persist(node.id, node.facts);
    });
    while (Node* node = changed_.pop()) carry_out(*node);
}

// What listeners will be told of is stored with the facts, so that an engine killed in between leaves it to the next.
void Machine::number_event(Node& node) {
    if (node.is_announced()) return;
    node.facts.event = ++last_event_;
    node.facts.event_from = node.announced;
}

void Machine::carry_out(Node& node) {
    const uint16_t requests = node.requests;
    node.requests = 0;
    const uint32_t id = node.id;
    if (requests & kDisarm) effects_.disarm(id);
    if (requests & kEndReadiness) effects_.end_readiness(id);
    if (requests & kSpawn) effects_.spawn(id, node.facts.generation);
    if (requests & kStopCommand) effects_.run_stop_command(id);
    if (requests & kStopSignal) effects_.send_stop_signal(id);
    if (requests & kKillTree) effects_.kill_tree(id);
    if (requests & kBeginReadiness) effects_.begin_readiness(id);
    if (requests & kArm) {
        effects_.arm(id, node.facts.generation + 1, *arm_terms(node.config, node.facts.books));
    }
    if (node.is_announced()) return;
    node.announce();
    effects_.transitioned(id, node.facts);
}

}  // namespace yard::engine::graph
