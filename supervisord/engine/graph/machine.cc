#include "engine/graph/machine.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace yard::engine::graph {
namespace {

constexpr uint32_t bit(State state) {
    return 1u << static_cast<uint32_t>(state);
}

// Where each state may lead; the diagram of engine/service_graph.h as bits.
constexpr std::array<uint32_t, 8> kMoves = {
    /* stopped   */ bit(State::waiting),
    /* waiting   */ bit(State::starting) | bit(State::stopped),
    /* starting  */ bit(State::running) | bit(State::stopping) | bit(State::waiting) | bit(State::backoff) |
        bit(State::completed) | bit(State::failed) | bit(State::stopped),
    /* running   */ bit(State::stopping) | bit(State::waiting) | bit(State::backoff) | bit(State::completed) |
        bit(State::failed) | bit(State::stopped),
    /* stopping  */ bit(State::waiting) | bit(State::backoff) | bit(State::completed) | bit(State::failed) |
        bit(State::stopped),
    /* backoff   */ bit(State::waiting) | bit(State::stopped),
    /* completed */ bit(State::waiting) | bit(State::stopped),
    /* failed    */ bit(State::waiting) | bit(State::stopped),
};

// States that still lead to a process by themselves.
constexpr uint32_t kRestless = bit(State::waiting) | bit(State::starting) | bit(State::running) |
                               bit(State::stopping) | bit(State::backoff);

}  // namespace

Machine::Machine(Effects& effects, std::function<double()> random)
    : effects_(effects), random_(std::move(random)) {}

void Machine::link(uint32_t parallel_starts) {
    parallel_starts_ = std::max(parallel_starts, 1u);
    topology_.link();
    timers_.reserve(topology_.size());
}

void Machine::touch(Node& node) {
    changed_.push(node);
    dirty_.push(node);
    topology_.refresh(node, [this](Node& neighbour) { dirty_.push(neighbour); });
}

void Machine::transition_to(Node& node, State to, Phase phase) {
    ServiceFacts& facts = node.facts;
    const State from = facts.actual;
    if ((kMoves[static_cast<size_t>(from)] & bit(to)) == 0) {
        std::fprintf(stderr, "service graph: %s may not go from %s to %s\n", node.name.c_str(),
                     to_string(from), to_string(to));
        std::abort();
    }
    count_state(from, -1u);
    count_state(to, 1);
    runnable_.remove(node);
    clear_deadline(node);
    node.explained = false;
    facts.actual = to;
    facts.phase = phase;
    stamp(node);
    touch(node);
}

void Machine::stamp(Node& node) {
    node.facts.since_ns = now_.boot.time_since_epoch().count();
    node.facts.since_wall_ns = now_.wall.time_since_epoch().count();
    touch_quietly(node);
}

void Machine::count_state(State state, uint32_t by) {
    if (state == State::starting) starting_ += by;
    if ((kRestless & bit(state)) != 0) restless_ += by;
}

void Machine::set_phase(Node& node, Phase phase) {
    node.facts.phase = phase;
    touch(node);
}

void Machine::request(Node& node, Request request) {
    const int replaced = request == kArm        ? kDisarm
                         : request == kDisarm   ? kArm
                         : request == kKillTree ? kStopCommand | kStopSignal
                                                : 0;
    node.requests = static_cast<uint16_t>((node.requests & ~replaced) | request);
    changed_.push(node);
}

void Machine::set_deadline(Node& node, Deadline kind, BootTime at) {
    node.facts.deadline = kind;
    node.facts.deadline_ns = at.time_since_epoch().count();
    timers_.update(node);
    changed_.push(node);
}

void Machine::clear_deadline(Node& node) {
    node.facts.deadline = Deadline::none;
    node.facts.deadline_ns = 0;
    timers_.update(node);
}

void Machine::fire_due() {
    while (Node* node = timers_.first()) {
        if (node->facts.deadline_ns > now_.boot.time_since_epoch().count()) return;
        deadline_passed(*node);
    }
}

}  // namespace yard::engine::graph
