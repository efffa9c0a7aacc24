// One random life of a random service graph. The engine (the graph and its Effects) may be killed between any
// two of its calls to the world; then a new one resumes from what was persisted. After every step the graph's
// own invariants and those of this file are checked; the first one broken is `problem()`.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "unit/simulated_keeper.h"

namespace yard::engine {

class Simulation : private Effects {
  public:
    Simulation(uint64_t seed, bool verbose);

    // Lives `steps` random steps, then lets the world be kind and sees that everything gets where it is
    // wanted, then stops everything. Empty: all went well; else what did not.
    std::string run(size_t steps);

  private:
    using Event = std::function<void(ServiceGraph&)>;

    // ---- The world (service_graph_simulator_world.cc)
    std::vector<conf::ServiceConfig> random_services();
    conf::ServiceConfig random_service(uint32_t index);
    void step();
    void first_that_can(ServiceId from, const std::function<bool(ServiceId)>& act);
    void random_wish();
    void random_notification(ServiceId id);
    bool random_life(ServiceId id, bool kindly);
    bool report(ServiceId id, bool kindly);
    void report_end(ServiceId id, uint32_t generation, Incarnation& incarnation);
    bool report_engine_side(ServiceId id, bool kindly);
    void advance(Duration by);
    bool kind_round();
    void be_kind();

    // ---- The engine
    void boot_engine();
    bool deliver(const std::string& what, const Event& event);
    void wish(const std::string& what, const Event& event);
    bool dying();
    Now now() const { return {now_, WallTime(now_.time_since_epoch())}; }

    // ---- Effects
    void spawn(ServiceId id, uint32_t generation) override;
    void send_stop_signal(ServiceId id) override;
    void run_stop_command(ServiceId id) override;
    void kill_tree(ServiceId id) override;
    void begin_readiness(ServiceId id) override;
    void end_readiness(ServiceId id) override;
    std::string readiness_trouble(ServiceId) const override { return "not yet"; }
    void arm(ServiceId id, uint32_t generation, const ArmTerms& terms) override;
    void disarm(ServiceId id) override;
    void persist(ServiceId id, const ServiceFacts& facts) override;
    void transitioned(ServiceId id, const ServiceFacts& facts) override;

    // ---- Rules (service_graph_simulator_rules.cc)
    void require(bool rule, const std::string& text, ServiceId id);
    void check_effect(ServiceId id, const char* what);
    void check_start(ServiceId id, const ServiceFacts& before, const ServiceFacts& after);
    void check_stop_order(ServiceId id, const ServiceFacts& before, const ServiceFacts& after);
    void check_wish(ServiceId id, const ServiceFacts& before, const ServiceFacts& after);
    void check_all_wanted();
    void check_wishes_kept(const std::vector<ServiceFacts>& before);
    void check_event(ServiceId id, const ServiceFacts& facts);
    void tell_missing_events();
    void check_restart_rate(ServiceId id, const ServiceFacts& before, const ServiceFacts& after);
    void check_world();
    void check_arrived();

    Dice dice_;
    bool verbose_;
    std::vector<conf::ServiceConfig> services_;
    uint32_t parallel_starts_;
    SimulatedKeeper keeper_;
    std::unique_ptr<ServiceGraph> graph_;
    BootTime now_{std::chrono::seconds(1000)};
    std::vector<ServiceFacts> persisted_;
    std::vector<std::pair<State, uint32_t>>
        told_;                 // of each service: state and generation that listeners know
    uint64_t last_event_ = 0;  // that listeners know
    std::vector<std::deque<BootTime>> restarts_;
    std::set<ServiceId> watched_;  // readiness checks of the living engine
    std::set<ServiceId> persisted_in_event_;
    bool acted_in_event_ = false;
    bool two_events_ = false;  // an exit with the pid of its replacement is two in one call
    bool wishing_ = false;     // the event is a person's wish, or takes up one that a death cut short
    bool closing_ = false;
    bool begun_ = false;  // an engine lived through its first event
    bool dead_ = false;
    int calls_to_live_ = -1;  // calls to the world before the engine dies; -1: it does not
    std::string problem_;
};

}  // namespace yard::engine
