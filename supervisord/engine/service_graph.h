// The service graph: every decision about starting, stopping and restarting, and nothing else. It reads no clock,
// touches no process and knows no libuv: events come in as calls with the time beside them, effects go out through
// Effects, and tests drive it with a simulator (tests/unit/service_graph_simulator_test.cc).
//
// Discipline: record, settle, act. An event method records what happened in the facts and queues the service;
// settle() propagates through the graph until nothing changes, then the effects are carried out, then each
// changed service is persisted once. Effects never call back into the graph.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/result.h"
#include "conf/config.h"
#include "engine/service_facts.h"

namespace yard::engine {

using ServiceId = uint32_t;  // index of the service; also its slot with the keeper

struct Now {
    BootTime boot;
    WallTime wall;
};

// What makes the keeper start the next generation without asking.
struct ArmTerms {
    bool on_failure = false;       // restart on exits that are not a success
    bool on_success = false;       // restart on exit 0
    Duration min_uptime{0};        // only if it lived this long
};

// What the graph asks of the world. Each is a request: the answer, if any, comes as an event.
class Effects {
  public:
    virtual ~Effects() = default;
    // Start `generation` of the service. Persisted before the call. Answered by on_started or on_spawn_failed.
    virtual void spawn(ServiceId id, uint32_t generation) = 0;
    // The stop signal of its StopPolicy, to the main process or the tree.
    virtual void send_stop_signal(ServiceId id) = 0;
    // Runs stop.command. Answered by on_stop_command_done.
    virtual void run_stop_command(ServiceId id) = 0;
    // SIGKILL to everything of the service. Answered by on_exited (if the main process lived) and on_tree_empty.
    virtual void kill_tree(ServiceId id) = 0;
    // Begin to look for readiness; answered by on_ready. end_readiness may come at any time after.
    virtual void begin_readiness(ServiceId id) = 0;
    virtual void end_readiness(ServiceId id) = 0;
    // Let the keeper start `generation` by itself under these terms; an earlier arming is replaced. disarm takes
    // it back; an armed start that was under way is still reported by on_exited's `respawned`.
    virtual void arm(ServiceId id, uint32_t generation, const ArmTerms& terms) = 0;
    virtual void disarm(ServiceId id) = 0;
    // The facts changed: store them. Called after settling and before any other effect of the same event.
    virtual void persist(ServiceId id, const ServiceFacts& facts) = 0;
    // The state changed, for listeners (events, log, waiting clients).
    virtual void transitioned(ServiceId id, State from, State to, std::string_view cause) = 0;
};

// A start that failed before the program ran.
struct SpawnFailure {
    std::string stage;  // "chdir", "user", "exec" ...
    int error = 0;      // errno
    std::string detail; // object: the directory, the program
};

struct Respawned {
    uint32_t generation;
    int32_t pid;
};

class ServiceGraph {
  public:
    // `effects` must outlive the graph. `random` gives numbers in [0, 1) for jitter.
    ServiceGraph(Effects& effects, std::function<double()> random);
    ~ServiceGraph();

    // ---- Building (before the first event). `config` has its instances already expanded: one call a service.
    // REQUIRES: dependencies refer to services by name; call link() once after the last add.
    ServiceId add(const conf::ServiceConfig& config, std::string name);
    void link(uint32_t parallel_starts);
    // Takes the facts of an earlier engine. Follow with resume().
    void restore(ServiceId id, const ServiceFacts& facts);

    // ---- Wishes.
    void start(ServiceId id, Now now, std::string_view cause);    // also what it requires and wants
    void stop(ServiceId id, Now now, std::string_view cause);     // what requires it first
    void restart(ServiceId id, Now now, std::string_view cause);
    void start_all(Now now);      // those with autostart
    void stop_all(Now now);       // in reverse order; nothing starts any more
    void set_nice(ServiceId id, int nice, Now now);  // remembered over restarts

    // ---- What happened. A generation other than the current one is ignored.
    void on_started(ServiceId id, uint32_t generation, int32_t pid, Now now);  // exec succeeded
    void on_spawn_failed(ServiceId id, uint32_t generation, const SpawnFailure& failure, Now now);
    void on_exited(ServiceId id, uint32_t generation, ExitStatus status, bool tree_empty,
                   std::optional<Respawned> respawned, Now now);
    void on_tree_empty(ServiceId id, uint32_t generation, Now now);
    void on_ready(ServiceId id, Now now);
    void on_readiness_failed(ServiceId id, std::string_view why, Now now);
    void on_stop_command_done(ServiceId id, bool ok, Now now);
    void on_main_pid(ServiceId id, int32_t pid, Now now);
    void on_status_text(ServiceId id, std::string_view text);
    void on_self_stopping(ServiceId id, Now now);               // STOPPING=1
    void on_extend_timeout(ServiceId id, Duration by, Now now);
    void on_watchdog(ServiceId id, Now now);                    // WATCHDOG=1: alive
    void on_watchdog_trigger(ServiceId id, Now now);            // WATCHDOG=trigger
    void on_notify_ignored(ServiceId id);
    // Deadlines that have passed.
    void advance(Now now);
    // After restore: takes up every promise of the facts again (asks for unanswered spawns, re-sends stops, ...).
    void resume(Now now);

    // ---- Looking.
    std::optional<BootTime> next_deadline() const;
    size_t size() const;
    const ServiceFacts& facts(ServiceId id) const;
    const conf::ServiceConfig& config(ServiceId id) const;
    const std::string& name(ServiceId id) const;
    // By exact name, or the instances "worker@1".. of "worker". Empty: none.
    std::vector<ServiceId> find(std::string_view name) const;
    // No service has a process or will get one (after stop_all).
    bool all_down() const;
    // Aborts with a message when a rule between fields or neighbours is broken. Debug builds and tests run it after every event.
    void check_invariants() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace yard::engine
