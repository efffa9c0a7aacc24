// The service graph: every decision about starting, stopping and restarting, and nothing else. It reads no
// clock, touches no process and knows no libuv: events come in as calls with the time beside them, effects go
// out through Effects, and tests drive it with a simulator (tests/unit/service_graph_simulator_test.cc).
//
// Discipline: record, settle, act. An event method records what happened in the facts of its service;
// settling decides on each service that it concerns until nothing changes any more; then each changed service
// is persisted, and only then the effects are carried out. Effects never call back into the graph. After
// link() nothing here allocates, and an event costs its neighbours, not the graph.
//
// Wishes (`wanted`), facts (`actual`) and what stands between them (`hold`) are separate fields. Machine
// (engine/graph/machine.h) makes every transition; Machine::transition_to is the only writer of `actual`.
//
//              .--------------- the delay has passed ------------- backoff
//              v                                                      ^
//   stopped -> waiting -> starting -> running -> stopping -> (down) --+--> completed, failed, stopped
//      ^          |  ^       |           |                   ^  |
//      '----------'  |       '-----------'-- nothing left ---'  |
//                    '------------------- at once --------------'
//
//   From                 To        When, and the function that does it
//   stopped              waiting   wanted up and not held: decide
//   backoff              waiting   its deadline: restart_now; a start by name: want_up
//   failed, completed    waiting   a start by name (failed: of a dependent too): want_up
//   waiting              starting  every condition holds and a slot is free: enter_starting
//   starting             running   exec succeeded, and it is ready: enter_running
//   starting, running    stopping  its wish, a hold or a restart, once its dependents are down: begin_stop
//                                  not ready in time: stop_for_fault; watchdog: kill_for_fault
//                                  STOPPING=1: announced_stop
//                                  its main process ended and left others behind: process_ended
//   starting, running,   (down)    nothing of it is left, or it could not be spawned: down
//   stopping
//   (down)               stopped   not wanted, or held: down
//                        waiting   the stop was for a restart, or a start came meanwhile: down
//                        waiting, backoff, completed, failed, stopped
//                                  as judge() says (engine/graph/restart_policy.h): rule
//   waiting, backoff     stopped   not wanted any more, or held: decide
//   completed, failed    stopped   not wanted any more: begin_stop, decide
//
// Invariants (check_invariants):
//   stopped    no process; not wanted, or held
//   waiting    no process; wanted, not held; a condition is not met, or it is in line for a start slot
//   starting   phase spawning or awaiting_ready; the tree may live
//   running    phase none; has a main process; armed only here
//   stopping   phase spawning, stop_command, stop_signal, self_stop or killing; ends only with an empty tree
//   backoff    no process; has a deadline
//   completed  no process; a one-shot; nothing but a person's wish or stop_all moves it
//   failed     no process; hold is limit if it failed too often
//   always     hold manual => wanted down; hold limit => failed; of two that conflict one may be wanted
//
// Dependencies. A start is also a wish for what the service requires and wants, and stays one when it goes.
//   - Conditions are looked at before every start, the restart policy's too. A one-shot without a readiness
//     check is ready when it has completed.
//   - What is required and given up (stopped by a person or a conflict, failed, ended for good) takes its
//     dependents along: they stop first, with hold `dependency`, and come back when it is expected up again.
//     What only restarts by its policy takes nobody along. What has completed stays completed.
//   - What is wanted or ordered by `after` is waited for until it is up, has failed once, or is not coming.
//   - A stop waits for every dependent that requires the service, and for the others that are going down too.
//   - restart() of a service restarts what requires it around it (as systemctl does). Starting a completed
//     one-shot runs it again, without that.
//   - Starting a service stops what conflicts with it and waits until that is down.
//
// Arming. A running service without a readiness check whose next exit the policy would answer with a restart
// at once is armed: the keeper then starts the next generation by itself and reports both, and the graph
// enters that as the exit and the start which it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/result.h"
#include "conf/config.h"
#include "engine/arm_terms.h"
#include "engine/service_facts.h"
#include "engine/words.h"

namespace yard::engine {

using ServiceId = uint32_t;  // index of the service

struct Now {
    BootTime boot;
    WallTime wall;
};

namespace graph {
class Machine;
}

// What the graph asks of the world. Each is a request: the answer, if any, comes as an event. A new engine
// makes again what an earlier one may or may not have carried out, so each can come twice for one generation.
class Effects {
  public:
    virtual ~Effects() = default;
    // Start `generation` of the service. Persisted before the call. Answered by
    // on_started or on_spawn_failed.
    virtual void spawn(ServiceId id, uint32_t generation) = 0;
    // The stop signal of its StopPolicy, to the main process or the tree.
    virtual void send_stop_signal(ServiceId id) = 0;
    // Runs stop.command. Answered by on_stop_command_done; the stop signal follows if
    // the service still lives.
    virtual void run_stop_command(ServiceId id) = 0;
    // SIGKILL to everything of the service. Answered by on_exited (if the main process lived) and
    // on_tree_empty; by on_tree_empty also if nothing was left.
    virtual void kill_tree(ServiceId id) = 0;
    // Begin to look for readiness; answered by on_ready or on_readiness_failed. end_readiness comes when the
    // service leaves `starting` without an answer: no answer may come after it.
    virtual void begin_readiness(ServiceId id) = 0;
    virtual void end_readiness(ServiceId id) = 0;
    // A question, asked while an event settles: why is it not ready yet ("tcp 127.0.0.1:6379: Connection
    // refused")? Empty: nobody knows.
    virtual std::string readiness_trouble(ServiceId id) const = 0;
    // Let the keeper start `generation` by itself, as the last spawn was, under these terms when the one before it
    // exits and leaves nothing behind; void if that has exited already. An earlier arming is replaced; the exit
    // ends it, used or not; disarm takes it back. An armed start that was under way is still reported
    // by on_exited's `respawned`.
    virtual void arm(ServiceId id, uint32_t generation, const ArmTerms& terms) = 0;
    virtual void disarm(ServiceId id) = 0;
    // The facts changed: store them. Called after settling and before any other effect of the same event.
    virtual void persist(ServiceId id, const ServiceFacts& facts) = 0;
    // The state changed, for listeners (events, log, waiting clients). One call an event and service: what it
    // passed through on the way is left out. The facts have the number of this change, the state that was left and
    // the cause (`reason`). Calls come in the order of the numbers, and so did the calls of persist.
    virtual void transitioned(ServiceId id, const ServiceFacts& facts) = 0;
};

// The start that the keeper made by the armed terms.
struct Respawned {
    uint32_t generation;
    int32_t pid;  // 0: exec is not through yet; on_started or on_spawn_failed follows
};

// A service that another one waits for.
struct Blocker {
    ServiceId id;
    std::string what;  // "waiting for db to be ready", "its stop waits for api, which requires it"
};

class ServiceGraph {
  public:
    // `effects` must outlive the graph. `random` gives numbers in [0, 1) for jitter.
    ServiceGraph(Effects& effects, std::function<double()> random);
    ~ServiceGraph();

    // ---- Building (before the first event). `config` has its instances already expanded: one call a
    // service. REQUIRES: every dependency names a service that is added, `completed` is asked of one-shots
    // only, and requires, wants and after together have no cycle; call link() once after the last add.
    // `start_digest`: a number over all in `config` that takes a new process to change.
    ServiceId add(conf::ServiceConfig config, std::string name, uint64_t start_digest = 0);
    // A service that is not configured any more: begin() takes it down for good. Nobody depends on it but others that
    // leave, and `config` may name services that are not there.
    ServiceId add_leaving(conf::ServiceConfig config, std::string name);
    void link(uint32_t parallel_starts);
    // Takes the facts of an earlier engine, after link(). Follow with begin() or resume(), before any other event.
    void restore(ServiceId id, const ServiceFacts& facts);
    // The next change of a state gets the number after `last` (0 when not called).
    void count_events_from(uint64_t last);

    // ---- Wishes. `cause` is why, in words ("started by uid 1000"); it becomes the reason that people see. A
    // wish of a person forgets earlier failures. After stop_all() starts and restarts do nothing.
    // Also what it requires and wants.
    void start(ServiceId id, Now now, std::string_view cause);
    // What requires it first. It stays so (hold manual).
    void stop(ServiceId id, Now now, std::string_view cause);
    // With what requires it around it; what is not up is started.
    void restart(ServiceId id, Now now, std::string_view cause);
    // Those with autostart that were neither wanted nor stopped before, except what a person stopped under `unless-stopped`, and the
    // second of two that conflict.
    void start_all(Now now);
    // In reverse order; nothing starts any more. An engine that dies while stopping
    // everything calls it again.
    void stop_all(Now now);
    void set_nice(ServiceId id, int nice, Now now);  // remembered over restarts
    // A person has this signal sent ("uid 1000 (alice, pid 4711)"): if the service ends by it, its reason says so.
    void note_signal(ServiceId id, int number, std::string_view by, Now now);

    // ---- What happened. What comes twice, too late or for another generation is ignored.
    void on_started(ServiceId id, uint32_t generation, int32_t pid, Now now);  // exec succeeded
    void on_spawn_failed(ServiceId id, uint32_t generation, const SpawnFailure& failure, Now now);
    // The process that the keeper started ended. An exit that left others behind is followed by
    // on_tree_empty; one with `respawned` left none.
    void on_exited(ServiceId id, uint32_t generation, ExitStatus status, bool tree_empty,
                   std::optional<Respawned> respawned, Now now);
    void on_tree_empty(ServiceId id, uint32_t generation, Now now);
    // The process that MAINPID= named ended, as a pidfd on it tells.
    void on_main_exited(ServiceId id, int32_t pid, ExitStatus status, Now now);
    void on_ready(ServiceId id, Now now);
    void on_readiness_failed(ServiceId id, std::string_view why, Now now);
    void on_stop_command_done(ServiceId id, bool ok, Now now);
    void on_main_pid(ServiceId id, int32_t pid, Now now);
    void on_status_text(ServiceId id, std::string_view text);
    void on_self_stopping(ServiceId id, Now now);  // STOPPING=1
    void on_extend_timeout(ServiceId id, Duration by, Now now);
    void on_watchdog(ServiceId id, Now now);          // WATCHDOG=1: alive
    void on_watchdog_trigger(ServiceId id, Now now);  // WATCHDOG=trigger
    // WATCHDOG_USEC=: from now on, until it is started again. 0: no signs of life are expected.
    void on_watchdog_interval(ServiceId id, Duration interval, Now now);
    void on_notify_ignored(ServiceId id);
    // Deadlines that have passed.
    void advance(Now now);
    // After restore: takes up every promise of the facts again (asks for unanswered
    // spawns, re-sends stops, ...).
    void resume(Now now);

    // ---- Configuration. An engine's first event: resume() and start_all() as one, and what a configuration that is
    // not the one of the facts asks for besides. It can come again for the same one and then changes nothing.
    //   what leaves                      goes down, in order; what was never started waits until it is forgotten
    //   what runs by another digest      is restarted, with what requires it around it; started anew where it failed
    //   what came to conflict            the one that stands first stays
    //   a new requirement of what is up  is started
    struct Need {
        ServiceId dependent, dependency;
    };
    void begin(Now now, std::span<const Need> needs = {});
    // What left is stopped and nothing of it remains: it is not found any more.
    void forget(ServiceId id, Now now);

    // ---- Looking.
    std::optional<BootTime> next_deadline() const;
    size_t size() const;
    const ServiceFacts& facts(ServiceId id) const;
    const conf::ServiceConfig& config(ServiceId id) const;
    const std::string& name(ServiceId id) const;
    bool is_leaving(ServiceId id) const;
    bool is_gone(ServiceId id) const;
    // By exact name, or the instances "worker@1".. of "worker". Empty: none.
    std::vector<ServiceId> find(std::string_view name) const;
    // What stands in the way of its start, or of its stop; empty: no other service does.
    std::vector<Blocker> blockers(ServiceId id) const;
    // No service has a process or will get one (after stop_all).
    bool all_down() const;
    // Aborts with a message when a rule between fields or neighbours is broken. Debug builds and tests run it
    // after every event.
    void check_invariants() const;

  private:
    std::unique_ptr<graph::Machine> machine_;
};

}  // namespace yard::engine
