// What happens to processes: starts, readiness, exits, and what the restart policy makes of them.
#include <algorithm>
#include <utility>

#include "base/signal_number.h"
#include "engine/graph/machine.h"

namespace yard::engine::graph {
namespace {

BootTime boot_time(int64_t nanoseconds) {
    return BootTime(Duration(nanoseconds));
}

}  // namespace

void Machine::begin_start(Node& node) {
    request(node, kSpawn);
    node.facts.outdated = false;
    node.facts.start_digest = node.start_digest;
    enter_starting(node, node.facts.generation + 1);
}

void Machine::enter_starting(Node& node, uint32_t generation) {
    ServiceFacts& facts = node.facts;
    facts.generation = generation;
    facts.tree_alive = true;
    facts.fresh = false;
    facts.main_moved = false;
    facts.started_ns = facts.running_ns = facts.ended_ns = 0;
    facts.watchdog_ns = Duration(node.config.ready.watchdog).count();
    facts.status_text.assign("");
    facts.sent = SentSignal();
    if (std::exchange(node.explained, false)) facts.reason.assign("what it waited for is there");
    transition_to(node, State::starting, Phase::spawning);
}

void Machine::process_started(Node& node, int32_t pid) {
    ServiceFacts& facts = node.facts;
    if (facts.phase != Phase::spawning) return;
    facts.pid = pid;
    facts.started_ns = now_.boot.time_since_epoch().count();
    if (facts.actual == State::stopping) return stop_process(node);
    if (ready_without_check(node.config)) return enter_running(node);
    set_phase(node, Phase::awaiting_ready);
    request(node, kBeginReadiness);
    const Duration timeout = node.config.ready.timeout;
    if (timeout.count() > 0) set_deadline(node, Deadline::start_timeout, now_.boot + timeout);
}

void Machine::became_ready(Node& node) {
    if (node.facts.actual == State::starting && node.facts.phase == Phase::awaiting_ready)
        enter_running(node);
}

void Machine::enter_running(Node& node) {
    node.facts.running_ns = now_.boot.time_since_epoch().count();
    transition_to(node, State::running, Phase::none);
    await_sign_of_life(node);
}

void Machine::await_sign_of_life(Node& node) {
    const Duration watchdog(node.facts.watchdog_ns);
    if (watchdog.count() > 0) set_deadline(node, Deadline::watchdog, now_.boot + watchdog);
}

void Machine::set_watchdog(Node& node, Duration interval) {
    node.facts.watchdog_ns = interval.count();
    touch_quietly(node);
    if (node.facts.actual != State::running) return;
    clear_deadline(node);
    await_sign_of_life(node);
}

void Machine::spawn_failed(Node& node, std::string_view why) {
    ServiceFacts& facts = node.facts;
    if (facts.phase != Phase::spawning) return;
    if (facts.actual == State::starting) {
        facts.verdict = Verdict::failure;
        facts.reason.assign(why);
    }
    facts.bounce = false;
    facts.exit = ExitStatus();
    facts.exited_generation = facts.generation;
    facts.ended_ns = now_.boot.time_since_epoch().count();
    down(node);
}

void Machine::child_exited(Node& node, ExitStatus status, bool tree_empty,
                           const std::optional<Respawned>& respawned) {
    if (respawned) return process_replaced(node, status, respawned->generation);
    if (!node.facts.main_moved || tree_empty) return process_ended(node, status, tree_empty);
    // It only launched the one that MAINPID= named, which lives on.
    node.facts.exited_generation = node.facts.generation;
    touch_quietly(node);
}

void Machine::process_ended(Node& node, ExitStatus status, bool tree_empty, Duration at_least) {
    record_end(node, status, at_least);
    if (tree_empty) return down(node);
    if (node.facts.actual != State::stopping) transition_to(node, State::stopping, Phase::killing);
    kill_tree(node);
}

// Did it end by the signal that a person had sent, or within the time that it has for stopping?
bool Machine::is_answer(const Node& node, ExitStatus status) const {
    const SentSignal& sent = node.facts.sent;
    if (sent.number == 0) return false;
    if (status.is_signal()) return status.signal() == sent.number;
    return now_.boot - boot_time(sent.at_ns) <= node.config.stop.timeout;
}

// Enters the exit, and who decides what follows: the wish, where one was waiting to stop it, else the policy.
void Machine::record_end(Node& node, ExitStatus status, Duration at_least) {
    ServiceFacts& facts = node.facts;
    if (facts.actual != State::stopping) {
        const bool too_early = facts.phase == Phase::awaiting_ready && !node.config.oneshot;
        facts.verdict = too_early ? Verdict::failure : Verdict::by_exit;
        if (must_go_down(facts)) facts.verdict = Verdict::none;
    }
    const Duration lived = facts.started_ns == 0 ? Duration{0} : now_.boot - boot_time(facts.started_ns);
    const bool explains_itself = facts.verdict == Verdict::by_exit || facts.phase == Phase::awaiting_ready;
    if (explains_itself && facts.verdict != Verdict::none) {
        Words words;
        words << status << " after " << std::max(lived, at_least);
        if (is_answer(node, status))
            words << ", " << signal_name(facts.sent.number) << " sent by " << facts.sent.by.view();
        if (facts.verdict == Verdict::failure) words << ", before it was ready";
        facts.reason.assign(words);
    }
    end_readiness(node);
    facts.exit = status;
    facts.exited_generation = facts.generation;
    facts.ended_ns = std::max(now_.boot, boot_time(facts.started_ns) + at_least).time_since_epoch().count();
    facts.pid = 0;
    facts.main_moved = false;
    facts.bounce = false;
    facts.armed = false;
    touch(node);
}

void Machine::tree_emptied(Node& node) {
    if (!node.facts.tree_alive || node.facts.exited_generation != node.facts.generation) return;
    // A process named by MAINPID= that the keeper did not start: only its absence is known.
    if (node.facts.pid != 0) record_end(node, ExitStatus::unknown(), Duration{0});
    down(node);
}

void Machine::down(Node& node) {
    ServiceFacts& facts = node.facts;
    facts.tree_alive = false;
    facts.pid = 0;
    const Verdict verdict = std::exchange(facts.verdict, Verdict::none);
    if (must_go_down(facts)) return transition_to(node, State::stopped, Phase::none);
    if (verdict == Verdict::none) return transition_to(node, State::waiting, Phase::none);
    rule(node, verdict);
}

// Does what the restart policy says of an exit that nobody asked for.
void Machine::rule(Node& node, Verdict verdict) {
    ServiceFacts& facts = node.facts;
    const BootTime ended = boot_time(facts.ended_ns);
    Ending ending;
    ending.at = ended;
    ending.success = verdict == Verdict::by_exit && is_success(node.config, facts.exit);
    if (facts.started_ns != 0) ending.lived = ended - boot_time(facts.started_ns);
    if (facts.running_ns != 0) ending.running = ended - boot_time(facts.running_ns);
    const Ruling ruling = judge(node.config, ending, random_(), facts.books);
    Words words;
    switch (ruling.kind) {
        case Ruling::Kind::completed:
            return transition_to(node, State::completed, Phase::none);
        case Ruling::Kind::stopped:
            facts.wanted = Wanted::down;
            return transition_to(node, State::stopped, Phase::none);
        case Ruling::Kind::failed:
            return transition_to(node, State::failed, Phase::none);
        case Ruling::Kind::limit:
            if (facts.books.window_count > 1) {
                words << "failed " << uint64_t{facts.books.window_count} << " times in "
                      << (ended - boot_time(facts.books.window_start_ns))
                      << "; last: " << facts.reason.view();
                facts.reason.assign(words);
            }
            facts.hold = Hold::limit;
            return transition_to(node, State::failed, Phase::none);
        case Ruling::Kind::restart:
            break;
    }
    words << facts.reason.view() << "; restart " << uint64_t{facts.restarts + 1};
    if (ruling.delay.count() == 0) {
        facts.reason.assign(words << " at once");
        return restart_now(node);
    }
    facts.reason.assign(words << " after " << ruling.delay);
    transition_to(node, State::backoff, Phase::none);
    set_deadline(node, Deadline::backoff, now_.boot + ruling.delay);
}

void Machine::restart_now(Node& node) {
    ++node.facts.restarts;
    transition_to(node, State::waiting, Phase::none);
}

// The same as an exit followed by a start that was granted at once; only the keeper has done it already.
void Machine::process_replaced(Node& node, ExitStatus status, uint32_t generation) {
    ServiceFacts& facts = node.facts;
    if (facts.actual == State::stopping || must_go_down(facts)) {
        // The stop and the keeper's start crossed: the new process is stopped as soon as it is reported.
        if (facts.actual != State::stopping) transition_to(node, State::stopping, Phase::spawning);
        record_end(node, status, Duration{0});
        facts.verdict = Verdict::none;
        facts.generation = generation;
        set_deadline(node, Deadline::stop_timeout, now_.boot + node.config.stop.timeout);
        return set_phase(node, Phase::spawning);
    }
    const std::optional<ArmTerms> terms = arm_terms(node.config, facts.books);
    process_ended(node, status, /*tree_empty=*/true, terms ? terms->min_uptime : Duration{0});
    if (facts.actual != State::waiting) transition_to(node, State::waiting, Phase::none);
    // The terms hold only where no limit is near, but it runs, and that is what counts.
    facts.hold = Hold::none;
    enter_starting(node, generation);
}

}  // namespace yard::engine::graph
