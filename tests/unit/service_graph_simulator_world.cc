#include <algorithm>
#include <cstdio>

#include "unit/service_graph_simulator.h"

namespace yard::engine {

using namespace std::chrono_literals;
using conf::Condition;

// ---- Random graphs.

conf::ServiceConfig Simulation::random_service(uint32_t index) {
    conf::ServiceConfig config;
    config.name = "s" + std::to_string(index);
    config.command = {"/bin/program"};
    config.autostart = dice_.percent(80);
    config.oneshot = dice_.percent(20);
    config.min_uptime = dice_.percent(50) ? 1000ms : 0ms;
    config.restart.when = static_cast<conf::RestartPolicy::When>(dice_.below(4));
    config.restart.delay = dice_.percent(30) ? 0ms : 100ms;
    config.restart.immediate = dice_.percent(60);
    config.restart.burst = dice_.below(5);
    config.restart.max_delay = 2s;
    config.restart.reset_after = dice_.percent(50) ? 3s : 1h;
    if (dice_.percent(40)) config.ready.kind = conf::Readiness::Kind::notify;
    config.ready.timeout = dice_.percent(70) ? 5s : 0s;
    if (config.ready.kind == conf::Readiness::Kind::notify && dice_.percent(30)) config.ready.watchdog = 4s;
    config.stop.timeout = dice_.percent(80) ? 3s : 0s;
    if (dice_.percent(20)) config.stop.command = {"/bin/stop-it"};
    return config;
}

std::vector<conf::ServiceConfig> Simulation::random_services() {
    std::vector<conf::ServiceConfig> services;
    const uint32_t count = 1 + dice_.below(8);
    for (uint32_t i = 0; i < count; ++i) {
        conf::ServiceConfig config = random_service(i);
        for (uint32_t edges = i == 0 ? 0 : dice_.below(4); edges > 0; --edges) {
            const conf::ServiceConfig& other = services[dice_.below(i)];
            conf::Dependency to{other.name, dice_.percent(30) ? Condition::started : Condition::ready};
            if (other.oneshot && dice_.percent(40)) to.condition = Condition::completed;
            const uint32_t kind = dice_.below(10);
            if (kind < 5) config.requires_.push_back(to);
            if (kind >= 5 && kind < 7) config.wants.push_back(to);
            if (kind >= 7 && kind < 9) config.after.push_back(to);
            if (kind == 9) config.conflicts.push_back(to.service);
        }
        services.push_back(std::move(config));
    }
    // The order of dependencies is not the order of numbers.
    for (uint32_t i = count; i > 1; --i) std::swap(services[i - 1], services[dice_.below(i)]);
    return services;
}

// ---- One random step.

void Simulation::step() {
    const ServiceId id = dice_.below(static_cast<uint32_t>(services_.size()));
    if (dice_.percent(4)) calls_to_live_ = static_cast<int>(dice_.below(8));
    const uint32_t kind = dice_.below(100);
    if (kind < 9) return random_wish();
    if (kind < 30) {
        for (uint32_t count = 1 + dice_.below(4); count > 0; --count) keeper_.execute_one();
    } else if (kind < 45) {
        first_that_can(id, [this](ServiceId at) { return random_life(at, /*kindly=*/false); });
    } else if (kind < 80) {
        first_that_can(id, [this](ServiceId at) { return report(at, /*kindly=*/false); });
    } else if (kind < 84) {
        random_notification(id);
    } else if (kind < 85) {
        boot_engine();
    } else {
        advance(dice_.below(kind < 96 ? 200 : 6000) * 1ms);
    }
}

void Simulation::first_that_can(ServiceId from, const std::function<bool(ServiceId)>& act) {
    const auto count = static_cast<ServiceId>(services_.size());
    for (ServiceId i = 0; i < count; ++i) {
        if (act((from + i) % count)) return;
    }
}

void Simulation::random_wish() {
    const ServiceId id = dice_.below(static_cast<uint32_t>(services_.size()));
    const std::string name = services_[id].name;
    const uint32_t kind = dice_.below(10);
    if (kind < 4) wish("start " + name, [&](ServiceGraph& g) { g.start(id, now(), "start"); });
    if (kind >= 4 && kind < 7) wish("stop " + name, [&](ServiceGraph& g) { g.stop(id, now(), "stop"); });
    if (kind >= 7 && kind < 9)
        wish("restart " + name, [&](ServiceGraph& g) { g.restart(id, now(), "restart"); });
    if (kind == 9) wish("start all", [&](ServiceGraph& g) { g.start_all(now()); });
}

void Simulation::random_notification(ServiceId id) {
    const Incarnation* last = keeper_.slot(id).last();
    if (last == nullptr || !last->start_told || last->stage != Incarnation::Stage::alive) return;
    const std::string name = services_[id].name;
    switch (dice_.below(6)) {
        case 0:
            deliver(name + " says STOPPING", [&](ServiceGraph& g) { g.on_self_stopping(id, now()); });
            break;
        case 1:
            deliver(name + " triggers", [&](ServiceGraph& g) { g.on_watchdog_trigger(id, now()); });
            break;
        case 2:
            deliver(name + " extends", [&](ServiceGraph& g) { g.on_extend_timeout(id, 2s, now()); });
            break;
        case 3:
            deliver(name + " status", [&](ServiceGraph& g) { g.on_status_text(id, "fine"); });
            break;
        default:
            deliver(name + " lives", [&](ServiceGraph& g) { g.on_watchdog(id, now()); });
            break;
    }
}

bool Simulation::random_life(ServiceId id, bool kindly) {
    return keeper_.live(id, now_, services_[id].oneshot, kindly);
}

// Tells the engine the oldest thing that it does not know of the service; false if there is none.
bool Simulation::report(ServiceId id, bool kindly) {
    using Stage = Incarnation::Stage;
    const std::string& name = services_[id].name;
    for (auto& [number, incarnation] : keeper_.slot(id).incarnations) {
        const uint32_t generation = number;
        const std::string key = name + "#" + std::to_string(generation);
        Incarnation& it = incarnation;
        if (it.stage == Stage::spawn_failed && !it.start_told) {
            return it.start_told =
                       deliver(key + " spawn failed",
                               [&](ServiceGraph& g) {
                                   g.on_spawn_failed(id, generation, {"exec", ENOENT, "/bin/program"}, now());
                               }),
                   true;
        }
        if (it.stage == Stage::spawn_failed || it.stage == Stage::in_exec) continue;
        if (!it.start_told) {
            const auto event = [&](ServiceGraph& g) { g.on_started(id, generation, it.pid, now()); };
            return it.start_told = deliver(key + " started", event), true;
        }
        if (it.main_lives()) continue;
        if (!it.end_told) {
            return report_end(id, generation, it), true;
        }
        if (it.empty_told || it.leftovers > 0) continue;
        return it.empty_told = deliver(key + " is empty",
                                       [&](ServiceGraph& g) { g.on_tree_empty(id, generation, now()); }),
               true;
    }
    return report_engine_side(id, kindly);
}

void Simulation::report_end(ServiceId id, uint32_t generation, Incarnation& it) {
    std::optional<Respawned> next;
    Incarnation* replacement = nullptr;
    if (it.replaced_by) {
        replacement = &keeper_.slot(id).incarnations.at(*it.replaced_by);
        const bool through = replacement->stage == Incarnation::Stage::alive && dice_.percent(50);
        next = Respawned{*it.replaced_by, through ? replacement->pid : 0};
    }
    const bool empty = it.leftovers == 0;
    const std::string what = services_[id].name + "#" + std::to_string(generation) + " exited" +
                             (next    ? ", replaced"
                              : empty ? ""
                                      : ", leaving others");
    two_events_ = next && next->pid != 0;
    it.end_told =
        deliver(what, [&](ServiceGraph& g) { g.on_exited(id, generation, it.status, empty, next, now()); });
    it.empty_told = it.end_told && empty;
    if (it.end_told && next && next->pid != 0) replacement->start_told = true;
}

// What the engine's own helpers find out: readiness and the end of stop commands.
bool Simulation::report_engine_side(ServiceId id, bool kindly) {
    const std::string& name = services_[id].name;
    SimulatedKeeper::Slot& slot = keeper_.slot(id);
    if (slot.command_runs) {
        slot.command_runs = false;
        const bool ok = kindly || dice_.percent(70);
        deliver(name + " stop command done", [&](ServiceGraph& g) { g.on_stop_command_done(id, ok, now()); });
        return true;
    }
    if (watched_.count(id) == 0 || !(kindly || dice_.percent(40))) return false;
    watched_.erase(id);
    if (kindly || dice_.percent(90)) {
        deliver(name + " is ready", [&](ServiceGraph& g) { g.on_ready(id, now()); });
    } else {
        deliver(name + " unready", [&](ServiceGraph& g) { g.on_readiness_failed(id, "it said so", now()); });
    }
    return true;
}

void Simulation::advance(Duration by) {
    now_ += by;
    deliver("time", [&](ServiceGraph& g) { g.advance(now()); });
}

// ---- A kind world: programs start, become ready, do not crash, and stop when asked to.

bool Simulation::kind_round() {
    bool something = false;
    while (keeper_.execute_one()) something = true;
    for (ServiceId id = 0; id < services_.size(); ++id) {
        while (random_life(id, /*kindly=*/true)) something = true;
        while (problem_.empty() && report(id, /*kindly=*/true)) something = true;
        deliver("watchdog", [&](ServiceGraph& g) { g.on_watchdog(id, now()); });
    }
    return something;
}

void Simulation::be_kind() {
    calls_to_live_ = -1;
    for (int round = 0; round < 500 && problem_.empty(); ++round) {
        if (kind_round()) continue;
        bool waits_for_time = false;
        for (ServiceId id = 0; id < services_.size(); ++id) {
            const Deadline deadline = graph_->facts(id).deadline;
            waits_for_time |= deadline != Deadline::none && deadline != Deadline::watchdog;
        }
        if (!waits_for_time) return;
        advance(500ms);
    }
    if (problem_.empty()) problem_ = "a kind world does not come to rest";
}

std::string Simulation::run(size_t steps) {
    boot_engine();
    for (size_t i = 0; i < steps && problem_.empty(); ++i) step();
    be_kind();
    if (problem_.empty()) check_arrived();

    closing_ = true;
    if (problem_.empty()) wish("stop all", [&](ServiceGraph& g) { g.stop_all(now()); });
    for (size_t i = 0; i < steps / 4 && problem_.empty(); ++i) step();
    be_kind();
    if (problem_.empty() && !graph_->all_down()) problem_ = "not all is down after stop_all";
    for (ServiceId id = 0; id < services_.size(); ++id) require(!keeper_.lives(id), "a process is left", id);
    return problem_;
}

}  // namespace yard::engine
