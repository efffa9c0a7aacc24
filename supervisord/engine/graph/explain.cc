#include "engine/graph/explain.h"

namespace yard::engine::graph {

Words waiting_for(const Edge& edge, const Node& dependency) {
    Words words;
    words << "waiting for " << dependency.name;
    if (edge.kind == EdgeKind::conflicts) return words << " to be down: they conflict";
    const bool oneshot = dependency.config.oneshot;
    switch (edge.condition) {
        case conf::Condition::started:
            return words << " to start";
        case conf::Condition::ready:
            return words << (oneshot ? " to complete" : " to be ready");
        case conf::Condition::completed:
            return words << " to complete";
    }
    return words;
}

Words requires_missing(const Node& dependency) {
    const ServiceFacts& facts = dependency.facts;
    Words words;
    words << "requires " << dependency.name << ", which ";
    if (facts.hold != Hold::dependency) words << (facts.actual == State::failed ? "failed" : "is to be down");
    if (facts.hold != Hold::dependency && !facts.reason.empty()) words << ": ";
    return words << facts.reason.view();
}

}  // namespace yard::engine::graph
