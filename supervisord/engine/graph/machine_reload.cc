// A configuration that is not the one of the facts: what leaves, what runs by an old one, what came to be needed.
// All of it follows from facts and configuration alone, so an engine that takes over in the middle does the rest.
#include "engine/graph/machine.h"

namespace yard::engine::graph {

void Machine::begin(std::span<const ServiceGraph::Need> needs) {
    resume();
    for (Node& node : topology_.nodes()) {
        if (!node.leaving) continue;
        ++leaving_;
        if (node.facts.wanted == Wanted::up) want_down(node, Hold::none, "it is not configured any more");
    }
    start_all();
    for (const auto& [dependent, dependency] : needs) {
        const Node& needing = topology_.node(dependent);
        if (!expected_up(needing.facts)) continue;
        ++visit_;
        raise(topology_.node(dependency), Words() << "needed by " << needing.name, /*by_person=*/false);
    }
    for (Node& node : topology_.nodes()) part_rivals(node);
    for (Node& node : topology_.nodes()) {
        if (is_superseded(node)) renew(node, "its configuration changed");
    }
}

// What is new was held back: a renamed service wants the port and perhaps the log file of its old self.
void Machine::forget(Node& gone) {
    gone.gone = true;
    if (--leaving_ > 0) return;
    for (Node& node : topology_.nodes()) {
        if (node.facts.fresh) dirty_.push(node);
    }
}

void Machine::part_rivals(Node& node) {
    if (node.facts.wanted == Wanted::down) return;
    for (const Edge& edge : topology_.dependencies(node)) {
        const Node& rival = topology_.node(edge.dependency);
        const bool both = edge.kind == EdgeKind::conflicts && rival.facts.wanted == Wanted::up;
        if (both && rival.id < node.id)
            return want_down(node, Hold::none, Words() << "conflicts with " << rival.name);
    }
}

// Its process, or the start that it gave up on, is not what the configuration asks for.
bool Machine::is_superseded(const Node& node) const {
    const ServiceFacts& facts = node.facts;
    if (node.leaving || facts.fresh || facts.start_digest == node.start_digest) return false;
    const bool lives = facts.actual == State::starting || facts.actual == State::running;
    return facts.actual == State::failed || (lives && !must_go_down(facts));
}

void Machine::renew(Node& node, std::string_view cause) {
    if (node.facts.actual == State::failed) return want_up(node, cause, /*named=*/false);
    bounce(node, cause);
}

}  // namespace yard::engine::graph
