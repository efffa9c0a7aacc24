// Stopping: by wish, for a fault, or because the service said so; and what each deadline does.
#include "engine/graph/machine.h"

namespace yard::engine::graph {

// Everything that had to be down before it is down.
void Machine::begin_stop(Node& node) {
    ServiceFacts& facts = node.facts;
    facts.bounce = false;
    facts.verdict = Verdict::none;
    if (facts.actual == State::completed) return transition_to(node, State::stopped, Phase::none);
    if (facts.phase != Phase::spawning) return stop_process(node);
    // The answer of the keeper is awaited first; a program that does not even get
    // through exec is killed in time.
    transition_to(node, State::stopping, Phase::spawning);
    set_deadline(node, Deadline::stop_timeout, now_.boot + node.config.stop.timeout);
}

// Asks the process to end: enters `stopping` unless it is there already.
void Machine::stop_process(Node& node) {
    end_readiness(node);
    const bool by_command = !node.config.stop.command.empty();
    const Phase phase = by_command ? Phase::stop_command : Phase::stop_signal;
    if (node.facts.actual == State::stopping) {
        set_phase(node, phase);
    } else {
        transition_to(node, State::stopping, phase);
    }
    const Duration timeout = node.config.stop.timeout;
    if (timeout.count() == 0) return kill_tree(node);
    request(node, by_command ? kStopCommand : kStopSignal);
    set_deadline(node, Deadline::stop_timeout, now_.boot + timeout);
}

void Machine::kill_tree(Node& node) {
    clear_deadline(node);
    // While a spawn is unanswered the phase stays, so that a new engine asks for it before it kills.
    const bool unanswered =
        node.facts.phase == Phase::spawning && node.facts.exited_generation != node.facts.generation;
    if (!unanswered) set_phase(node, Phase::killing);
    request(node, kKillTree);
}

void Machine::end_readiness(Node& node) {
    if (node.facts.actual == State::starting && node.facts.phase == Phase::awaiting_ready) {
        request(node, kEndReadiness);
    }
}

// It goes without having been asked to. If it had to go anyway, the wish decides what follows.
void Machine::give_verdict(Node& node, Verdict verdict, std::string_view why) {
    ServiceFacts& facts = node.facts;
    facts.verdict = must_go_down(facts) ? Verdict::none : verdict;
    facts.bounce = false;
    facts.reason.assign(why);
}

void Machine::stop_for_fault(Node& node, std::string_view why) {
    give_verdict(node, Verdict::failure, why);
    stop_process(node);
}

void Machine::kill_for_fault(Node& node, std::string_view why) {
    give_verdict(node, Verdict::failure, why);
    end_readiness(node);
    transition_to(node, State::stopping, Phase::killing);
    kill_tree(node);
}

void Machine::announced_stop(Node& node) {
    give_verdict(node, Verdict::by_exit, "it announced that it is stopping");
    end_readiness(node);
    transition_to(node, State::stopping, Phase::self_stop);
    set_deadline(node, Deadline::stop_timeout, now_.boot + node.config.stop.timeout);
}

void Machine::signal_after_command(Node& node, bool command_ok) {
    if (node.facts.phase != Phase::stop_command) return;
    if (!command_ok) {
        node.facts.reason.assign(Words() << node.facts.reason.view() << "; its stop command failed");
    }
    set_phase(node, Phase::stop_signal);
    request(node, kStopSignal);
}

Words Machine::not_ready(const Node& node) const {
    Words words;
    words << "not ready after " << Duration(node.facts.deadline_ns - node.facts.started_ns);
    const std::string trouble = effects_.readiness_trouble(node.id);
    return trouble.empty() ? words : words << ": " << std::string_view(trouble);
}

void Machine::deadline_passed(Node& node) {
    ServiceFacts& facts = node.facts;
    switch (facts.deadline) {
        case Deadline::start_timeout:
            return stop_for_fault(node, not_ready(node));
        case Deadline::watchdog:
            return kill_for_fault(node,
                                  Words() << "watchdog: no sign of life for " << Duration(facts.watchdog_ns));
        case Deadline::stop_timeout:
            facts.reason.assign(Words() << facts.reason.view() << "; killed, as it did not stop within "
                                        << Duration(node.config.stop.timeout));
            return kill_tree(node);
        case Deadline::backoff:
            return restart_now(node);
        case Deadline::none:
            return;
    }
}

}  // namespace yard::engine::graph
