#include "engine/service_graph.h"

#include <algorithm>
#include <utility>

#include "engine/graph/explain.h"
#include "engine/graph/machine.h"

namespace yard::engine {

using graph::Machine;
using graph::Node;

ServiceGraph::ServiceGraph(Effects& effects, std::function<double()> random)
    : machine_(std::make_unique<Machine>(effects, std::move(random))) {}

ServiceGraph::~ServiceGraph() = default;

// ---- Building.

ServiceId ServiceGraph::add(conf::ServiceConfig config, std::string name, uint64_t start_digest) {
    Node& node = machine_->topology().add(std::move(config), std::move(name));
    node.start_digest = start_digest;
    return node.id;
}

ServiceId ServiceGraph::add_leaving(conf::ServiceConfig config, std::string name) {
    Node& node = machine_->topology().add(std::move(config), std::move(name));
    node.leaving = true;
    return node.id;
}

void ServiceGraph::link(uint32_t parallel_starts) {
    machine_->link(parallel_starts);
}

void ServiceGraph::restore(ServiceId id, const ServiceFacts& facts) {
    machine_->topology().node(id).facts = facts;
}

void ServiceGraph::count_events_from(uint64_t last) {
    machine_->count_events_from(last);
}

// ---- Wishes.

void ServiceGraph::start(ServiceId id, Now now, std::string_view cause) {
    Machine::Event event(*machine_, now);
    machine_->start(machine_->topology().node(id), cause);
}

void ServiceGraph::stop(ServiceId id, Now now, std::string_view cause) {
    Machine::Event event(*machine_, now);
    machine_->stop(machine_->topology().node(id), cause);
}

void ServiceGraph::restart(ServiceId id, Now now, std::string_view cause) {
    Machine::Event event(*machine_, now);
    machine_->restart(machine_->topology().node(id), cause);
}

void ServiceGraph::start_all(Now now) {
    Machine::Event event(*machine_, now);
    machine_->start_all();
}

void ServiceGraph::stop_all(Now now) {
    Machine::Event event(*machine_, now);
    machine_->stop_all();
}

void ServiceGraph::set_nice(ServiceId id, int nice, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    node.facts.nice_override = static_cast<int8_t>(nice);
    node.facts.has_nice_override = true;
    node.facts.outdated = true;
    machine_->touch(node);
}

void ServiceGraph::note_signal(ServiceId id, int number, std::string_view by, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    SentSignal& sent = node.facts.sent;
    sent.number = number;
    sent.at_ns = now.boot.time_since_epoch().count();
    sent.by.assign(by);
    machine_->touch_quietly(node);
}

// ---- What happened.

void ServiceGraph::on_started(ServiceId id, uint32_t generation, int32_t pid, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (generation == node.facts.generation) machine_->process_started(node, pid);
}

void ServiceGraph::on_spawn_failed(ServiceId id, uint32_t generation, const SpawnFailure& failure, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (generation == node.facts.generation) machine_->spawn_failed(node, Words() << failure);
}

void ServiceGraph::on_exited(ServiceId id, uint32_t generation, ExitStatus status, bool tree_empty,
                             std::optional<Respawned> respawned, Now now) {
    const ServiceFacts& facts = machine_->topology().node(id).facts;
    if (generation == facts.generation) {
        // An exit that is told again to a new engine may bring the news that by now nothing is left.
        const bool known = facts.exited_generation == generation;
        Machine::Event event(*machine_, now);
        Node& node = machine_->topology().node(id);
        if (known && tree_empty) machine_->tree_emptied(node);
        if (!known) machine_->child_exited(node, status, tree_empty, respawned);
    }
    if (respawned && respawned->pid != 0) on_started(id, respawned->generation, respawned->pid, now);
}

void ServiceGraph::on_tree_empty(ServiceId id, uint32_t generation, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (generation == node.facts.generation) machine_->tree_emptied(node);
}

void ServiceGraph::on_main_exited(ServiceId id, int32_t pid, ExitStatus status, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    const bool current = node.facts.main_moved && node.facts.pid == pid;
    if (current) machine_->process_ended(node, status, /*tree_empty=*/false);
}

void ServiceGraph::on_ready(ServiceId id, Now now) {
    Machine::Event event(*machine_, now);
    machine_->became_ready(machine_->topology().node(id));
}

void ServiceGraph::on_readiness_failed(ServiceId id, std::string_view why, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    const bool waits = node.facts.actual == State::starting && node.facts.phase == Phase::awaiting_ready;
    if (waits) machine_->stop_for_fault(node, why);
}

void ServiceGraph::on_stop_command_done(ServiceId id, bool ok, Now now) {
    Machine::Event event(*machine_, now);
    machine_->signal_after_command(machine_->topology().node(id), ok);
}

void ServiceGraph::on_main_pid(ServiceId id, int32_t pid, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (node.facts.pid == 0 || node.facts.pid == pid) return;
    node.facts.pid = pid;
    node.facts.main_moved = true;
    machine_->touch(node);
}

void ServiceGraph::on_status_text(ServiceId id, std::string_view text) {
    Machine::Event event(*machine_, machine_->now());
    Node& node = machine_->topology().node(id);
    if (node.facts.pid == 0) return;
    node.facts.status_text.assign(text);
    machine_->touch_quietly(node);
}

void ServiceGraph::on_self_stopping(ServiceId id, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    const bool lives = node.facts.pid != 0 && node.facts.actual != State::stopping;
    if (lives) machine_->announced_stop(node);
}

void ServiceGraph::on_extend_timeout(ServiceId id, Duration by, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    const Deadline kind = node.facts.deadline;
    if (kind != Deadline::start_timeout && kind != Deadline::stop_timeout) return;
    const BootTime at = now.boot + by;
    if (at.time_since_epoch().count() > node.facts.deadline_ns) machine_->set_deadline(node, kind, at);
}

void ServiceGraph::on_watchdog(ServiceId id, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (node.facts.deadline == Deadline::watchdog) machine_->await_sign_of_life(node);
}

void ServiceGraph::on_watchdog_interval(ServiceId id, Duration interval, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    if (node.facts.pid != 0) machine_->set_watchdog(node, interval);
}

void ServiceGraph::on_watchdog_trigger(ServiceId id, Now now) {
    Machine::Event event(*machine_, now);
    Node& node = machine_->topology().node(id);
    const bool lives = node.facts.pid != 0 && node.facts.actual != State::stopping;
    if (lives) machine_->kill_for_fault(node, "it triggered its own watchdog");
}

void ServiceGraph::on_notify_ignored(ServiceId id) {
    Machine::Event event(*machine_, machine_->now());
    Node& node = machine_->topology().node(id);
    ++node.facts.notify_ignored;
    machine_->touch_quietly(node);
}

void ServiceGraph::advance(Now now) {
    Machine::Event event(*machine_, now);
    machine_->fire_due();
}

void ServiceGraph::resume(Now now) {
    Machine::Event event(*machine_, now);
    machine_->resume();
}

void ServiceGraph::begin(Now now, std::span<const Need> needs) {
    Machine::Event event(*machine_, now);
    machine_->begin(needs);
}

void ServiceGraph::forget(ServiceId id, Now now) {
    Machine::Event event(*machine_, now);
    machine_->forget(machine_->topology().node(id));
}

// ---- Looking.

std::optional<BootTime> ServiceGraph::next_deadline() const {
    const Node* first = machine_->timers().first();
    if (first == nullptr) return std::nullopt;
    return BootTime(Duration(first->facts.deadline_ns));
}

size_t ServiceGraph::size() const {
    return machine_->topology().size();
}

const ServiceFacts& ServiceGraph::facts(ServiceId id) const {
    return machine_->topology().node(id).facts;
}

const conf::ServiceConfig& ServiceGraph::config(ServiceId id) const {
    return machine_->topology().node(id).config;
}

const std::string& ServiceGraph::name(ServiceId id) const {
    return machine_->topology().node(id).name;
}

bool ServiceGraph::is_leaving(ServiceId id) const {
    return machine_->topology().node(id).leaving;
}

bool ServiceGraph::is_gone(ServiceId id) const {
    return machine_->topology().node(id).gone;
}

// What leaves is found where nothing that stays has the name.
std::vector<ServiceId> ServiceGraph::find(std::string_view name) const {
    const auto named = machine_->topology().find(name);
    std::vector<ServiceId> found(named.begin(), named.end());
    std::erase_if(found, [this](ServiceId id) { return is_gone(id); });
    const bool any_stays = !std::ranges::all_of(found, [this](ServiceId id) { return is_leaving(id); });
    if (any_stays) std::erase_if(found, [this](ServiceId id) { return is_leaving(id); });
    return found;
}

std::vector<Blocker> ServiceGraph::blockers(ServiceId id) const {
    const graph::Topology& topology = std::as_const(*machine_).topology();
    const Node& node = topology.node(id);
    std::vector<Blocker> found;
    const bool held = node.facts.actual == State::stopped && node.facts.hold == Hold::dependency;
    if (held || node.facts.actual == State::waiting) {
        for (const graph::Edge& edge : topology.dependencies(node)) {
            const Node& other = topology.node(edge.dependency);
            if (edge.state == graph::EdgeState::broken)
                found.push_back({other.id, std::string(graph::requires_missing(other).view())});
            else if (edge.state != graph::EdgeState::met && !held)
                found.push_back({other.id, std::string(graph::waiting_for(edge, other).view())});
        }
        const bool is_new = !held && node.facts.fresh;
        for (const Node& other : topology.nodes()) {
            if (is_new && other.leaving && !other.gone)
                found.push_back({other.id, "waiting for " + other.name + ", which was removed, to stop"});
        }
    } else if (graph::is_up(node.facts) && graph::must_go_down(node.facts)) {
        for (const graph::Edge* edge : topology.dependents(node)) {
            const Node& other = topology.node(edge->dependent);
            if (edge->holds_stop)
                found.push_back({other.id, "its stop waits for " + other.name + " to be down"});
        }
    }
    return found;
}

bool ServiceGraph::all_down() const {
    return machine_->all_down();
}

void ServiceGraph::check_invariants() const {
    machine_->check_invariants();
}

}  // namespace yard::engine
