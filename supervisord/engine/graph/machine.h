// The state machine behind ServiceGraph (engine/service_graph.h has the diagram and the rules).
//
// An event is: an Event is opened, facts are changed (record), and when it closes the graph settles and acts:
//   record  want_up(), process_ended(), ... change the facts of one service and touch() it;
//   settle  decide() looks at each service whose facts or neighbours changed, until nothing changes any more,
//           then the first in line for a start slot begins to start, and so on;
//   act     every changed service is persisted, then the noted requests go out.
// decide() is the only place where one service reacts to another, and it sees only sums
// that touch() keeps exact.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "engine/graph/explain.h"
#include "engine/graph/node.h"
#include "engine/graph/restart_policy.h"
#include "engine/graph/timer_queue.h"
#include "engine/graph/topology.h"
#include "engine/service_graph.h"

namespace yard::engine::graph {

class Machine {
  public:
    // Everything between its construction and its end is one event.
    class Event {
      public:
        Event(Machine& machine, Now now) : machine_(machine) { machine.now_ = now; }
        ~Event() {
            machine_.settle();
#ifndef NDEBUG
            machine_.check_invariants();
#endif
        }
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;

      private:
        Machine& machine_;
    };

    Machine(Effects& effects, std::function<double()> random);

    void link(uint32_t parallel_starts);

    // ---- Wishes (machine_wishes.cc).
    void start(Node& node, std::string_view cause);
    void stop(Node& node, std::string_view cause);
    void restart(Node& node, std::string_view cause);
    void start_all();
    void stop_all();

    // ---- What happened to a process (machine_process.cc).
    void process_started(Node& node, int32_t pid);
    void spawn_failed(Node& node, std::string_view why);
    // The process that the keeper started is gone, and perhaps replaced by the armed terms.
    void child_exited(Node& node, ExitStatus status, bool tree_empty,
                      const std::optional<Respawned>& respawned);
    // The service's main process is gone. `at_least`: how long it is known to have lived.
    void process_ended(Node& node, ExitStatus status, bool tree_empty, Duration at_least = Duration{0});
    // Nothing of the service is left.
    void tree_emptied(Node& node);
    void became_ready(Node& node);
    // The watchdog's time begins anew.
    void await_sign_of_life(Node& node);
    void set_watchdog(Node& node, Duration interval);

    // ---- Stops (machine_stop.cc).
    // It has to go for a fault of its own; the restart policy counts a failure.
    void stop_for_fault(Node& node, std::string_view why);
    void kill_for_fault(Node& node, std::string_view why);
    void announced_stop(Node& node);
    void signal_after_command(Node& node, bool command_ok);

    // ---- Time and recovery (machine_resume.cc).
    void set_deadline(Node& node, Deadline kind, BootTime at);
    void fire_due();
    void resume();
    // resume(), and what else the configuration asks for (machine_reload.cc).
    void begin(std::span<const ServiceGraph::Need> needs);
    void forget(Node& gone);
    void count_events_from(uint64_t last) {
        last_event_ = last;
    }

    // Facts changed: neighbours are told, the service is decided on and persisted.
    void touch(Node& node);
    // Facts changed that only matter to readers.
    void touch_quietly(Node& node) {
        changed_.push(node);
    }
    // It is in its state from now on.
    void stamp(Node& node);

    Now now() const {
        return now_;
    }
    Topology& topology() {
        return topology_;
    }
    const Topology& topology() const {
        return topology_;
    }
    const TimerQueue& timers() const {
        return timers_;
    }
    bool all_down() const {
        return restless_ == 0;
    }
    void check_invariants() const;

  private:
    // ---- machine_settle.cc
    void settle();
    void decide(Node& node);
    void update_hold(Node& node);
    void update_arming(Node& node);
    void queue_start(Node& node);
    void explain(Node& node, std::string_view why);
    void explain_waiting(Node& node);
    void act();
    void number_event(Node& node);
    void carry_out(Node& node);

    // ---- machine_wishes.cc
    void raise(Node& root, std::string_view cause, bool by_person);
    void want_up(Node& node, std::string_view cause, bool named);
    void bounce(Node& node, std::string_view cause);
    void want_down(Node& node, Hold hold, std::string_view cause);
    bool stays_stopped(Node& node);
    void forget_failures(Node& node);

    // ---- machine_process.cc
    void begin_start(Node& node);
    void enter_starting(Node& node, uint32_t generation);
    void enter_running(Node& node);
    void process_replaced(Node& node, ExitStatus status, uint32_t generation);
    bool is_answer(const Node& node, ExitStatus status) const;
    void record_end(Node& node, ExitStatus status, Duration at_least);
    void down(Node& node);
    void rule(Node& node, Verdict verdict);
    void restart_now(Node& node);

    // ---- machine_stop.cc
    void begin_stop(Node& node);
    void stop_process(Node& node);
    void kill_tree(Node& node);
    void end_readiness(Node& node);
    void give_verdict(Node& node, Verdict verdict, std::string_view why);
    Words not_ready(const Node& node) const;
    void deadline_passed(Node& node);

    // ---- machine_resume.cc
    void promise_again(Node& node);

    // ---- machine_reload.cc
    void part_rivals(Node& node);
    bool is_superseded(const Node& node) const;
    bool waits_for_leaving(const Node& node) const {
        return node.facts.fresh && leaving_ > 0;
    }
    void renew(Node& node, std::string_view cause);

    // The only writer of `actual`. Leaves the deadline of the old state behind.
    void transition_to(Node& node, State to, Phase phase);
    void set_phase(Node& node, Phase phase);
    void request(Node& node, Request request);
    void clear_deadline(Node& node);
    void count_state(State state, uint32_t by);

    Effects& effects_;
    std::function<double()> random_;
    Topology topology_;
    TimerQueue timers_;
    IntrusiveQueue<Node, &Node::dirty> dirty_;
    IntrusiveQueue<Node, &Node::runnable> runnable_;
    IntrusiveQueue<Node, &Node::changed> changed_;
    IntrusiveQueue<Node, &Node::walk> walk_;
    Now now_{};
    uint32_t parallel_starts_ = 1;
    uint32_t starting_ = 0;  // services in `starting`
    uint32_t restless_ = 0;  // services that have a process or will get one
    uint32_t leaving_ = 0;   // services that leave and are not gone yet
    uint32_t visit_ = 0;
    uint64_t last_event_ = 0;
    bool closing_ = false;  // after stop_all
};

}  // namespace yard::engine::graph
