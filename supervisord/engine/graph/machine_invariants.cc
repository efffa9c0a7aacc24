// The rules of engine/service_graph.h as checks. Each line is one rule.
#include <cstdio>
#include <cstdlib>

#include "engine/graph/machine.h"

namespace yard::engine::graph {
namespace {

void hold(bool rule, const char* text, const Node& node) {
    if (rule) return;
    std::fprintf(stderr, "service graph: broken rule: %s: %s is %s (phase %d, hold %d), wanted %s\n", text,
                 node.name.c_str(), to_string(node.facts.actual), static_cast<int>(node.facts.phase),
                 static_cast<int>(node.facts.hold), to_string(node.facts.wanted));
    std::abort();
}

bool stopping_phase(Phase phase) {
    return phase == Phase::spawning || phase == Phase::stop_command || phase == Phase::stop_signal ||
           phase == Phase::self_stop || phase == Phase::killing;
}

bool deadline_fits(const ServiceFacts& facts) {
    switch (facts.deadline) {
        case Deadline::none:
            return facts.actual != State::backoff;
        case Deadline::start_timeout:
            return facts.phase == Phase::awaiting_ready;
        case Deadline::stop_timeout:
            return facts.actual == State::stopping && facts.phase != Phase::killing;
        case Deadline::backoff:
            return facts.actual == State::backoff;
        case Deadline::watchdog:
            return facts.actual == State::running;
    }
    return false;
}

void check_state(const Node& node) {
    const ServiceFacts& f = node.facts;
    switch (f.actual) {
        case State::stopped:
            hold(must_go_down(f) && f.hold != Hold::limit, "stopped means not wanted or held", node);
            break;
        case State::waiting:
        case State::backoff:
            hold(!must_go_down(f), "what waits is wanted and not held", node);
            break;
        case State::starting:
            hold(f.phase == Phase::spawning || f.phase == Phase::awaiting_ready, "phase of starting", node);
            break;
        case State::running:
            hold(f.phase == Phase::none && f.pid != 0, "running has a process", node);
            break;
        case State::stopping:
            hold(stopping_phase(f.phase), "phase of stopping", node);
            break;
        case State::completed:
            hold(node.config.oneshot, "only one-shots complete", node);
            break;
        case State::failed:
            hold(f.wanted == Wanted::up, "failed is wanted up", node);
            break;
    }
    hold(has_process(f) || f.phase == Phase::none, "no phase without a process", node);
    hold(has_process(f) == f.tree_alive, "a tree lives in starting, running, stopping only", node);
    hold(has_process(f) || f.pid == 0, "no pid without a process", node);
}

void check_fields(const Node& node) {
    const ServiceFacts& f = node.facts;
    hold(f.hold != Hold::manual || f.wanted == Wanted::down, "what a person stopped is not wanted", node);
    hold(f.hold != Hold::dependency || f.wanted == Wanted::up, "what is held by a dependency is wanted",
         node);
    hold(f.hold != Hold::limit || f.actual == State::failed, "the limit holds what failed", node);
    hold(!f.bounce || (is_up(f) && f.wanted == Wanted::up && f.hold == Hold::none),
         "bounce is for what is up", node);
    hold(f.verdict == Verdict::none || f.actual == State::stopping, "a verdict is for stopping", node);
    hold(!f.armed || f.actual == State::running, "armed only while running", node);
    hold(deadline_fits(f), "the deadline belongs to the state", node);
    hold(node.requests == 0 && !node.dirty.queued && !node.changed.queued, "an event leaves nothing over",
         node);
}

}  // namespace

void Machine::check_invariants() const {
    uint32_t starting = 0, restless = 0, leaving = 0;
    for (const Node& node : topology_.nodes()) {
        const ServiceFacts& f = node.facts;
        check_state(node);
        check_fields(node);
        hold(!node.leaving || f.wanted == Wanted::down, "what leaves is not wanted", node);
        leaving += node.leaving && !node.gone ? 1 : 0;
        starting += f.actual == State::starting ? 1 : 0;
        restless += has_process(f) || f.actual == State::waiting || f.actual == State::backoff ? 1 : 0;
        hold(timers_.contains(node) == (f.deadline != Deadline::none), "a deadline has a timer", node);
        const bool in_line = f.actual == State::waiting && node.unmet() == 0 && !waits_for_leaving(node);
        hold(runnable_.contains(node) == in_line, "in line for a slot when nothing else is missing", node);
        hold(!in_line || starting_ >= parallel_starts_, "nobody waits for a free slot", node);
        uint32_t unmet = 0;
        for (const Edge& edge : topology_.dependencies(node)) {
            const Node& other = topology_.node(edge.dependency);
            hold(edge.state == evaluate(edge.kind, edge.condition, other), "edges are up to date", node);
            hold(edge.holds_stop == holds_stop(edge.kind, f), "stop order is up to date", node);
            unmet += edge.state != EdgeState::met ? 1 : 0;
            const bool both = f.wanted == Wanted::up && other.facts.wanted == Wanted::up;
            hold(edge.kind != EdgeKind::conflicts || !both, "of two that conflict one is wanted", node);
        }
        hold(unmet == node.unmet(), "sums of edges are exact", node);
        hold(!f.tree_alive || f.generation > 0, "a process has a generation", node);
    }
    if (starting == starting_ && restless == restless_ && leaving == leaving_) return;
    std::fprintf(stderr, "service graph: broken rule: counts of states\n");
    std::abort();
}

}  // namespace yard::engine::graph
