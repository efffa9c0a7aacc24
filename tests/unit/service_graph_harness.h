// A service graph with a pretended world around it: effects are written down as short texts ("spawn db#1"),
// time is a number, and every event is followed by a check of the graph's invariants.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/service_graph.h"

namespace yard::engine {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

inline conf::ServiceConfig service(std::string name) {
    conf::ServiceConfig config;
    config.name = std::move(name);
    config.command = {"/bin/program"};
    return config;
}

inline conf::ServiceConfig requiring(std::string name, std::vector<conf::Dependency> dependencies) {
    conf::ServiceConfig config = service(std::move(name));
    config.requires_ = std::move(dependencies);
    return config;
}

inline conf::ServiceConfig notifying(std::string name) {
    conf::ServiceConfig config = service(std::move(name));
    config.ready.kind = conf::Readiness::Kind::notify;
    return config;
}

inline conf::ServiceConfig oneshot(std::string name) {
    conf::ServiceConfig config = service(std::move(name));
    config.oneshot = true;
    return config;
}

class Rig : private Effects {
  public:
    explicit Rig(std::vector<conf::ServiceConfig> services, uint32_t parallel_starts = 64)
        : configs_(std::move(services)), parallel_starts_(parallel_starts) {
        build();
    }

    // A new engine with what the old one had persisted last.
    void crash_and_resume() {
        build();
        for (const auto& [id, facts] : persisted_) graph_->restore(id, facts);
        graph_->resume(now_);
        check();
    }

    // The same under another configuration. `needs`: "dependent", "dependency".
    void reload(const std::vector<conf::ServiceConfig>& services,
                const std::vector<std::pair<std::string, std::string>>& needs = {}) {
        std::map<std::string, ServiceFacts> facts;
        for (ServiceId id = 0; id < graph_->size(); ++id) facts[graph_->name(id)] = graph_->facts(id);
        leaving_.clear();
        for (const conf::ServiceConfig& config : std::exchange(configs_, services)) {
            if (std::ranges::find(services, config.name, &conf::ServiceConfig::name) == services.end())
                leaving_.push_back(config);
        }
        build();
        persisted_.clear();
        for (ServiceId id = 0; id < graph_->size(); ++id) {
            if (facts.contains(graph_->name(id))) graph_->restore(id, facts[graph_->name(id)]);
        }
        std::vector<ServiceGraph::Need> ids;
        for (const auto& [dependent, dependency] : needs) ids.push_back({id(dependent), id(dependency)});
        graph_->begin(now_, ids);
        check();
    }
    // A new engine in the middle of that.
    void crash_and_begin() {
        std::vector<ServiceFacts> facts;
        for (ServiceId id = 0; id < graph_->size(); ++id) facts.push_back(graph_->facts(id));
        build();
        for (ServiceId id = 0; id < graph_->size(); ++id) graph_->restore(id, facts[id]);
        graph_->begin(now_);
        check();
    }

    // ---- Events, by name; the current generation is meant.
    void start(const std::string& name) {
        event([&](auto id) { graph_->start(id, now_, "asked to start"); }, name);
    }
    void stop(const std::string& name) {
        event([&](auto id) { graph_->stop(id, now_, "asked to stop"); }, name);
    }
    void restart(const std::string& name) {
        event([&](auto id) { graph_->restart(id, now_, "asked to restart"); }, name);
    }
    void start_all() { graph_->start_all(now_), check(); }
    void stop_all() { graph_->stop_all(now_), check(); }
    void started(const std::string& name) {
        event([&](auto id) { graph_->on_started(id, facts(name).generation, pid_of(name), now_); }, name);
    }
    void spawn_fails(const std::string& name, const SpawnFailure& failure = {"exec", 2, "/bin/program"}) {
        event([&](auto id) { graph_->on_spawn_failed(id, facts(name).generation, failure, now_); }, name);
    }
    void exits(const std::string& name, ExitStatus status, bool tree_empty = true) {
        event(
            [&](auto id) {
                graph_->on_exited(id, facts(name).generation, status, tree_empty, std::nullopt, now_);
            },
            name);
    }
    void exits(const std::string& name, int code) { exits(name, ExitStatus::from_exit_code(code)); }
    void is_replaced(const std::string& name, ExitStatus status) {
        const Respawned respawned{facts(name).generation + 1, pid_of(name) + 1000};
        event([&](auto id) { graph_->on_exited(id, facts(name).generation, status, true, respawned, now_); },
              name);
    }
    void tree_empties(const std::string& name) {
        event([&](auto id) { graph_->on_tree_empty(id, facts(name).generation, now_); }, name);
    }
    void is_ready(const std::string& name) {
        event([&](auto id) { graph_->on_ready(id, now_); }, name);
    }
    // Time goes on, stopping at every deadline on the way.
    void pass(Duration time) {
        const BootTime end = now_.boot + time;
        while (graph_->next_deadline() && *graph_->next_deadline() <= end) {
            set_time(std::max(now_.boot, *graph_->next_deadline()));
            graph_->advance(now_);
            check();
        }
        set_time(end);
    }
    // Time goes on while no engine lives to see it.
    void pass_unseen(Duration time) { set_time(now_.boot + time); }
    // Any other event: rig.on("db", [](auto& graph, auto id, auto now) { graph.on_watchdog(id, now); }).
    template <typename Do>
    void on(const std::string& name, Do&& act) {
        event([&](auto id) { act(*graph_, id, now_); }, name);
    }

    // ---- Shortcuts.
    // Brings it up from the answer of the keeper on.
    void comes_up(const std::string& name) {
        started(name);
        is_ready(name);
    }
    void start_and_run(const std::string& name) {
        start(name);
        comes_up(name);
        take_effects();
    }
    void start_all_and_run() {
        start_all();
        for (bool more = true; std::exchange(more, false);) {
            for (const conf::ServiceConfig& config : configs_) {
                if (state(config.name) == State::starting) comes_up(config.name), more = true;
            }
        }
        take_effects();
    }

    // ---- Looking.
    ServiceGraph& graph() { return *graph_; }
    ServiceId id(const std::string& name) const { return graph_->find(name).at(0); }
    const ServiceFacts& facts(const std::string& name) const { return graph_->facts(id(name)); }
    State state(const std::string& name) const { return facts(name).actual; }
    std::string reason(const std::string& name) const { return std::string(facts(name).reason.view()); }
    Now now() const { return now_; }
    // Everything asked of the world since the last call, without persisting and announcements.
    std::vector<std::string> take_effects() { return std::exchange(effects_, {}); }
    std::vector<std::string> take_announcements() { return std::exchange(announcements_, {}); }
    // Was there a persist of the service before every one of its effects of the same event?
    bool persisted_first() const { return persisted_first_; }
    const ArmTerms& terms(const std::string& name) const { return terms_.at(name); }

    std::string trouble;  // what readiness checks would tell

  private:
    void build() {
        graph_ = std::make_unique<ServiceGraph>(static_cast<Effects&>(*this), [] { return 0.5; });
        for (const conf::ServiceConfig& config : configs_) {
            const uint64_t digest = std::hash<std::string>()(config.command.front());
            if (config.instances == 1) graph_->add(config, config.name, digest);
            for (uint32_t i = 1; config.instances > 1 && i <= config.instances; ++i) {
                graph_->add(config, config.name + "@" + std::to_string(i), digest);
            }
        }
        for (const conf::ServiceConfig& config : leaving_) graph_->add_leaving(config, config.name);
        graph_->link(parallel_starts_);
    }

    template <typename Act>
    void event(Act&& act, const std::string& name) {
        acted_ = false;
        act(id(name));
        check();
    }
    void check() {
        acted_ = false;
        graph_->check_invariants();
    }
    void set_time(BootTime boot) {
        now_.wall += boot - now_.boot;
        now_.boot = boot;
    }
    int32_t pid_of(const std::string& name) const {
        return 100 + static_cast<int32_t>(id(name) * 10 + facts(name).generation);
    }
    void note(const char* what, ServiceId id, const std::string& more = "") {
        acted_ = true;
        effects_.push_back(std::string(what) + " " + graph_->name(id) + more);
    }

    void spawn(ServiceId id, uint32_t generation) override {
        note("spawn", id, "#" + std::to_string(generation));
    }
    void send_stop_signal(ServiceId id) override { note("signal", id); }
    void run_stop_command(ServiceId id) override { note("stop command", id); }
    void kill_tree(ServiceId id) override { note("kill", id); }
    void begin_readiness(ServiceId id) override { note("watch", id); }
    void end_readiness(ServiceId id) override { note("unwatch", id); }
    std::string readiness_trouble(ServiceId) const override { return trouble; }
    void arm(ServiceId id, uint32_t generation, const ArmTerms& terms) override {
        terms_[graph_->name(id)] = terms;
        note("arm", id, "#" + std::to_string(generation));
    }
    void disarm(ServiceId id) override { note("disarm", id); }
    void persist(ServiceId id, const ServiceFacts& facts) override {
        if (acted_) persisted_first_ = false;
        persisted_[id] = facts;
    }
    void transitioned(ServiceId id, const ServiceFacts& facts) override {
        acted_ = true;
        announcements_.push_back(graph_->name(id) + " " + to_string(facts.event_from) + "->" +
                                 to_string(facts.actual));
    }

    std::vector<conf::ServiceConfig> configs_, leaving_;
    uint32_t parallel_starts_;
    Now now_{BootTime(1000s), WallTime(1'700'000'000s)};
    std::map<ServiceId, ServiceFacts> persisted_;
    std::vector<std::string> effects_, announcements_;
    std::map<std::string, ArmTerms> terms_;
    bool acted_ = false;
    bool persisted_first_ = true;
    std::unique_ptr<ServiceGraph> graph_;
};

inline const ExitStatus kCrash = ExitStatus::from_signal(11, true);
inline const ExitStatus kTerminated = ExitStatus::from_signal(15);

}  // namespace yard::engine
