// The engine of the simulation, which may die between any two calls, and the rules
// that every run has to keep.
#include <algorithm>
#include <cstdio>
#include <map>

#include "unit/service_graph_simulator.h"

namespace yard::engine {
namespace {

using conf::Condition;

bool has_process(const ServiceFacts& facts) {
    return facts.actual == State::starting || facts.actual == State::running ||
           facts.actual == State::stopping;
}

bool holds(const conf::Dependency& dependency, const conf::ServiceConfig& config, const ServiceFacts& facts) {
    if (facts.actual == State::completed) return true;
    const bool waits_for_end = config.oneshot && config.ready.kind == conf::Readiness::Kind::none;
    switch (dependency.condition) {
        case Condition::started:
            return has_process(facts) && facts.pid != 0 && facts.actual != State::stopping;
        case Condition::ready:
            return facts.actual == State::running && !waits_for_end;
        case Condition::completed:
            return false;
    }
    return false;
}

}  // namespace

Simulation::Simulation(uint64_t seed, bool verbose)
    : dice_(seed),
      verbose_(verbose),
      services_(random_services()),
      parallel_starts_(1 + dice_.below(4)),
      keeper_(services_.size(), dice_),
      persisted_(services_.size()),
      told_(services_.size()),
      restarts_(services_.size()) {}

// ---- The engine.

void Simulation::boot_engine() {
    keeper_.engine_died();
    watched_.clear();
    dead_ = false;
    calls_to_live_ = dice_.percent(20) ? static_cast<int>(dice_.below(6)) : -1;
    graph_ =
        std::make_unique<ServiceGraph>(static_cast<Effects&>(*this), [this] { return dice_.fraction(); });
    for (const conf::ServiceConfig& config : services_) graph_->add(config, config.name);
    graph_->link(parallel_starts_);
    for (ServiceId id = 0; id < services_.size(); ++id) graph_->restore(id, persisted_[id]);
    tell_missing_events();
    graph_->count_events_from(last_event_);
    const std::vector<ServiceFacts> before = persisted_;
    const bool lived = deliver("begin", [&](ServiceGraph& g) { g.begin(now()); });
    if (lived && !begun_) check_all_wanted();
    if (lived && begun_ && !wishing_) check_wishes_kept(before);
    begun_ |= lived;
    if (lived && closing_) wish("stop all again", [&](ServiceGraph& g) { g.stop_all(now()); });
}

// False if the engine died of it; then a new one is up.
bool Simulation::deliver(const std::string& what, const Event& event) {
    if (verbose_)
        std::printf("%8.3fs  %s\n", static_cast<double>(now_.time_since_epoch().count()) / 1e9, what.c_str());
    persisted_in_event_.clear();
    acted_in_event_ = false;
    event(*graph_);
    two_events_ = false;
    if (dead_) {
        if (verbose_) std::printf("           engine died\n");
        boot_engine();
        return false;
    }
    graph_->check_invariants();
    check_world();
    return true;
}

void Simulation::wish(const std::string& what, const Event& event) {
    wishing_ = true;
    deliver(what, event);
    wishing_ = false;
}

bool Simulation::dying() {
    if (dead_) return true;
    if (calls_to_live_ == 0) dead_ = true;
    if (calls_to_live_ > 0) --calls_to_live_;
    return dead_;
}

// ---- Effects.

void Simulation::spawn(ServiceId id, uint32_t generation) {
    if (dying()) return;
    check_effect(id, "spawn");
    require(graph_->facts(id).phase == Phase::spawning, "a spawn while nothing is asked for", id);
    keeper_.post([=, this] { keeper_.spawn(id, generation, now_); });
}

void Simulation::send_stop_signal(ServiceId id) {
    if (dying()) return;
    check_effect(id, "signal");
    require(graph_->facts(id).actual == State::stopping, "a signal for what is not stopping", id);
    keeper_.post([=, this] { keeper_.signal(id); });
}

void Simulation::run_stop_command(ServiceId id) {
    if (dying()) return;
    check_effect(id, "stop command");
    require(graph_->facts(id).phase == Phase::stop_command, "a stop command for what is not stopping", id);
    keeper_.post([=, this] { keeper_.slot(id).command_runs = true; });
}

void Simulation::kill_tree(ServiceId id) {
    if (dying()) return;
    check_effect(id, "kill");
    require(graph_->facts(id).actual == State::stopping, "a kill of what is not stopping", id);
    keeper_.post([=, this] { keeper_.kill(id); });
}

void Simulation::begin_readiness(ServiceId id) {
    if (dying()) return;
    check_effect(id, "watch");
    watched_.insert(id);
}

void Simulation::end_readiness(ServiceId id) {
    if (dying()) return;
    check_effect(id, "unwatch");
    watched_.erase(id);
}

void Simulation::arm(ServiceId id, uint32_t generation, const ArmTerms& terms) {
    if (dying()) return;
    check_effect(id, "arm");
    require(graph_->facts(id).actual == State::running, "armed while not running", id);
    keeper_.post([=, this] {
        SimulatedKeeper::Slot& slot = keeper_.slot(id);
        const auto running = slot.incarnations.find(generation - 1);
        if (running == slot.incarnations.end() || !running->second.main_lives()) return;
        slot.armed_generation = generation;
        slot.terms = terms;
    });
}

void Simulation::disarm(ServiceId id) {
    if (dying()) return;
    check_effect(id, "disarm");
    keeper_.post([=, this] { keeper_.slot(id).armed_generation.reset(); });
}

void Simulation::persist(ServiceId id, const ServiceFacts& facts) {
    if (dying()) return;
    require(!acted_in_event_ || two_events_, "persisted after an effect", id);
    persisted_in_event_.insert(id);
    const ServiceFacts before = persisted_[id];
    persisted_[id] = facts;
    check_start(id, before, facts);
    check_stop_order(id, before, facts);
    check_restart_rate(id, before, facts);
    check_wish(id, before, facts);
}

void Simulation::transitioned(ServiceId id, const ServiceFacts& facts) {
    if (dying()) return;
    check_effect(id, "transitioned");
    check_event(id, facts);
    if (!verbose_) return;
    const std::string_view cause = facts.reason.view();
    std::printf("           %s: %s -> %s: %.*s\n", graph_->name(id).c_str(), to_string(facts.event_from),
                to_string(facts.actual), static_cast<int>(cause.size()), cause.data());
}

// ---- Rules.

void Simulation::require(bool rule, const std::string& text, ServiceId id) {
    if (!rule && problem_.empty()) problem_ = text + ": " + services_[id].name;
}

void Simulation::check_effect(ServiceId id, const char* what) {
    if (verbose_) std::printf("           %s %s\n", what, services_[id].name.c_str());
    require(persisted_in_event_.count(id) != 0, std::string(what) + " before it was persisted", id);
    acted_in_event_ = true;
}

// A generation that the graph asked for, not one that the keeper made.
void Simulation::check_start(ServiceId id, const ServiceFacts& before, const ServiceFacts& after) {
    const bool asks = after.phase == Phase::spawning && after.generation > before.generation;
    if (!asks || keeper_.slot(id).incarnations.count(after.generation) != 0) return;
    require(!keeper_.lives(id), "started over a living generation", id);
    for (const conf::Dependency& to : services_[id].requires_) {
        const ServiceId other = graph_->find(to.service)[0];
        require(holds(to, services_[other], graph_->facts(other)), "started without " + to.service, id);
    }
    uint32_t starting = 0;
    for (ServiceId other = 0; other < services_.size(); ++other) {
        const ServiceFacts& facts = graph_->facts(other);
        const auto& made = keeper_.slot(other).incarnations;
        const auto previous = made.find(facts.generation - 1);
        const bool by_keeper = previous != made.end() && previous->second.replaced_by == facts.generation;
        starting += facts.actual == State::starting && !by_keeper ? 1 : 0;
    }
    require(starting <= parallel_starts_, "more starts at once than allowed", id);
}

// What is stopped because it has to go is stopped after its dependents.
void Simulation::check_stop_order(ServiceId id, const ServiceFacts& before, const ServiceFacts& after) {
    const bool begins = before.actual != State::stopping && after.actual == State::stopping;
    const bool crossed = after.generation != before.generation || before.phase == Phase::awaiting_ready;
    const bool asked = after.phase == Phase::stop_signal || after.phase == Phase::stop_command ||
                       after.phase == Phase::spawning;
    if (!begins || crossed || !asked || after.verdict != Verdict::none) return;
    for (ServiceId other = 0; other < services_.size(); ++other) {
        const auto depends = [&](const std::vector<conf::Dependency>& list) {
            return std::any_of(list.begin(), list.end(),
                               [&](const conf::Dependency& to) { return to.service == services_[id].name; });
        };
        const conf::ServiceConfig& config = services_[other];
        const bool first =
            depends(config.requires_) || (closing_ && (depends(config.wants) || depends(config.after)));
        require(!first || !has_process(graph_->facts(other)), "stopped before " + config.name, id);
    }
}

// Whatever died in between: numbers without gap or repeat, and each change begins where the one before it led.
void Simulation::check_event(ServiceId id, const ServiceFacts& facts) {
    require(facts.event == last_event_ + 1,
            "event " + std::to_string(facts.event) + " after event " + std::to_string(last_event_), id);
    require(facts.event_from == told_[id].first,
            std::string("left a state that it was not in: ") + to_string(facts.event_from), id);
    const std::pair now{facts.actual, facts.generation};
    require(now != told_[id], "an event without a change", id);
    last_event_ = facts.event;
    told_[id] = now;
}

// What a new engine does first: the last one stored it and died before it told.
void Simulation::tell_missing_events() {
    std::map<uint64_t, ServiceId> missing;
    for (ServiceId id = 0; id < services_.size(); ++id) {
        if (persisted_[id].event > last_event_) missing[persisted_[id].event] = id;
    }
    for (const auto& [number, id] : missing) check_event(id, persisted_[id]);
    for (ServiceId id = 0; id < services_.size(); ++id)
        require(told_[id].first == persisted_[id].actual, "its state was not told", id);
}

// Only people unwish; else a good end does, where the policy does not restart that.
void Simulation::check_wish(ServiceId id, const ServiceFacts& before, const ServiceFacts& after) {
    if (wishing_ || before.wanted == Wanted::down || after.wanted == Wanted::up) return;
    const auto when = services_[id].restart.when;
    const bool not_restarted =
        when == conf::RestartPolicy::When::no || when == conf::RestartPolicy::When::on_failure;
    const bool ended_well = after.actual == State::stopped && after.exit == ExitStatus::from_exit_code(0);
    require(not_restarted && ended_well, "not wanted any more, and nobody said so", id);
}

// However many engines died over it: what starts with the daemon is wanted, and all that it needs.
void Simulation::check_all_wanted() {
    const auto left_out = [this](ServiceId id) {
        const ServiceFacts& facts = graph_->facts(id);
        return facts.fresh && facts.wanted == Wanted::down;
    };
    for (ServiceId id = 0; id < services_.size(); ++id) {
        const conf::ServiceConfig& config = services_[id];
        require(!config.autostart || !left_out(id), "not started with the daemon", id);
        if (graph_->facts(id).wanted == Wanted::down) continue;
        for (const auto* needs : {&config.requires_, &config.wants}) {
            for (const conf::Dependency& to : *needs)
                require(!left_out(graph_->find(to.service)[0]), "wanted without " + to.service, id);
        }
    }
}

// A new engine knows what was wished and what was given up; it has no wishes of its own.
void Simulation::check_wishes_kept(const std::vector<ServiceFacts>& before) {
    for (ServiceId id = 0; id < services_.size(); ++id) {
        const ServiceFacts& after = graph_->facts(id);
        require(after.wanted == before[id].wanted, "another wish after an engine died", id);
        const bool tried_again = before[id].actual == State::failed && after.actual != State::failed;
        require(!tried_again, "given up, and tried again after an engine died", id);
    }
}

void Simulation::check_restart_rate(ServiceId id, const ServiceFacts& before, const ServiceFacts& after) {
    const conf::RestartPolicy& policy = services_[id].restart;
    const bool counted = policy.when == conf::RestartPolicy::When::on_failure && policy.burst > 0 &&
                         policy.reset_after > policy.window;
    if (!counted) return;
    std::deque<BootTime>& restarts = restarts_[id];
    if (after.restarts < before.restarts) restarts.clear();
    if (after.restarts <= before.restarts) return;
    restarts.push_back(now_);
    while (now_ - restarts.front() > policy.window) restarts.pop_front();
    // A window begins with a failure, so two can meet in any span of its length.
    require(restarts.size() <= 2 * (policy.burst - 1), "restarted more often than burst allows", id);
}

// True at every moment, whatever is on its way between engine and keeper.
void Simulation::check_world() {
    if (problem_.empty()) problem_ = keeper_.problem();
    for (ServiceId id = 0; id < services_.size(); ++id) {
        const ServiceFacts& facts = graph_->facts(id);
        require(has_process(facts) || !keeper_.lives(id), "a process of what is down", id);
        for (const std::string& rival : services_[id].conflicts) {
            const ServiceId other = graph_->find(rival)[0];
            require(!keeper_.lives(id) || !keeper_.lives(other), "runs beside its rival " + rival, id);
        }
        SimulatedKeeper::Slot& slot = keeper_.slot(id);
        const auto& made = slot.incarnations;
        const auto current = made.find(facts.generation);
        const bool lives = current != made.end() && current->second.main_lives();
        const bool agree = slot.armed_generation.has_value() == facts.armed;
        require(agree || !lives || !keeper_.idle(), "armed at one end only", id);
        if (facts.actual != State::running) continue;
        require(current != made.end() && current->second.pid == facts.pid, "runs with a pid of nobody", id);
    }
}

// After a kind time everything is where its wish says, or says truly why not.
void Simulation::check_arrived() {
    for (ServiceId id = 0; id < services_.size(); ++id) {
        const ServiceFacts& facts = graph_->facts(id);
        const std::string state = to_string(facts.actual);
        require(!facts.bounce, "never came to its restart", id);
        if (facts.wanted == Wanted::down) {
            require(facts.actual == State::stopped, "not wanted, yet " + state, id);
        } else if (facts.hold == Hold::dependency) {
            bool missing = false;
            for (const conf::Dependency& to : services_[id].requires_) {
                const ServiceFacts& other = graph_->facts(graph_->find(to.service)[0]);
                missing |= other.actual == State::stopped || other.actual == State::failed;
            }
            require(facts.actual == State::stopped && missing, "held without a reason", id);
        } else {
            const bool there = facts.actual == State::running || facts.actual == State::completed ||
                               facts.actual == State::failed;
            require(there, "wanted, yet " + state, id);
        }
        if (facts.actual == State::running) require(keeper_.lives(id), "running without a process", id);
    }
}

}  // namespace yard::engine
