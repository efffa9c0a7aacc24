// Wishes: what people and the daemon want, entered in `wanted` and `hold`. Settling does the rest.
#include "engine/graph/machine.h"

namespace yard::engine::graph {

void Machine::start(Node& node, std::string_view cause) {
    if (closing_ || node.leaving) return;
    ++visit_;
    raise(node, cause, /*by_person=*/true);
}

void Machine::stop(Node& node, std::string_view cause) {
    want_down(node, Hold::manual, cause);
}

void Machine::restart(Node& node, std::string_view cause) {
    if (closing_ || node.leaving) return;
    const bool around = is_up(node.facts) && !must_go_down(node.facts);
    if (around) bounce(node, cause);
    start(node, cause);
}

// Down once, then up again.
void Machine::bounce(Node& node, std::string_view cause) {
    node.facts.bounce = true;
    node.facts.reason.assign(cause);
    forget_failures(node);
    touch(node);
}

void Machine::start_all() {
    if (closing_) return;
    ++visit_;
    for (Node& node : topology_.nodes()) {
        if (node.facts.since_wall_ns == 0) stamp(node);
        // What waits is fresh and wanted already; raised again, it would pull up what failed or was stopped since.
        const bool raised = node.facts.wanted == Wanted::up;
        if (node.config.autostart && node.facts.fresh && !raised && !node.leaving)
            raise(node, "started with the daemon", /*by_person=*/false);
    }
}

void Machine::stop_all() {
    closing_ = true;
    for (Node& node : topology_.nodes()) {
        const bool by_person = node.facts.hold == Hold::manual;
        if (!by_person) want_down(node, Hold::none, "the daemon is stopping");
    }
}

// Wants `root` up with everything it requires and wants, each visited once in a walk. A person's start
// overrides what keeps a service down; the daemon's start does not.
void Machine::raise(Node& root, std::string_view cause, bool by_person) {
    const auto visit = [this](Node& node) {
        if (node.visit == visit_) return;
        node.visit = visit_;
        walk_.push(node);
    };
    visit(root);
    while (Node* node = walk_.pop()) {
        if (!by_person && stays_stopped(*node)) continue;
        const bool named = node == &root;
        want_up(*node, named ? cause : (Words() << "needed by " << root.name).view(), named && by_person);
        for (const Edge& edge : topology_.dependencies(*node)) {
            const bool pulls = edge.kind == EdgeKind::requires_ || edge.kind == EdgeKind::wants;
            if (pulls) visit(topology_.node(edge.dependency));
        }
    }
    // Stored behind all that it pulls: an engine that takes over in between finds it not wanted yet and raises it again.
    changed_.remove(root);
    changed_.push(root);
}

// The daemon's own start leaves alone what a person stopped for good, and of two that
// conflict takes the first.
bool Machine::stays_stopped(Node& node) {
    const bool unless_stopped = node.config.restart.when == conf::RestartPolicy::When::unless_stopped;
    if (unless_stopped && node.facts.hold == Hold::manual) return true;
    for (const Edge& edge : topology_.dependencies(node)) {
        const Node& rival = topology_.node(edge.dependency);
        if (edge.kind != EdgeKind::conflicts || rival.facts.wanted == Wanted::down) continue;
        node.facts.fresh = false;  // it has had its turn
        node.facts.reason.assign(Words() << "conflicts with " << rival.name << ", which was started first");
        touch_quietly(node);
        return true;
    }
    return false;
}

// `named`: it is the one that was asked for, so a delay is cut short and a one-shot runs once more.
void Machine::want_up(Node& node, std::string_view cause, bool named) {
    for (const Edge& edge : topology_.dependencies(node)) {
        if (edge.kind != EdgeKind::conflicts) continue;
        Node& rival = topology_.node(edge.dependency);
        if (rival.facts.wanted == Wanted::down) continue;
        want_down(rival, Hold::none, Words() << "conflicts with " << node.name << ", which was started");
    }
    ServiceFacts& facts = node.facts;
    const bool up_already = expected_up(facts) || facts.hold == Hold::dependency;
    const bool again = named && (facts.actual == State::backoff || facts.actual == State::completed ||
                                 facts.verdict != Verdict::none);
    if (up_already && (!again || facts.bounce)) return;

    facts.wanted = Wanted::up;
    facts.hold = Hold::none;
    facts.verdict = Verdict::none;
    facts.reason.assign(cause);
    forget_failures(node);
    const bool at_rest = facts.actual == State::failed || facts.actual == State::completed;
    if (at_rest || facts.actual == State::backoff) return transition_to(node, State::waiting, Phase::none);
    touch(node);
}

void Machine::want_down(Node& node, Hold hold, std::string_view cause) {
    ServiceFacts& facts = node.facts;
    facts.wanted = Wanted::down;
    facts.hold = hold;
    facts.bounce = false;
    facts.fresh = false;
    facts.reason.assign(cause);
    touch(node);
}

void Machine::forget_failures(Node& node) {
    node.facts.restarts = 0;
    node.facts.books = {};
}

}  // namespace yard::engine::graph
