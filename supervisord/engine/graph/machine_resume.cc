// A new engine takes up what an earlier one had promised. Its requests may have been carried out or not: each
// is made again, and the world answers one it knows with what it already did. The configuration may be another
// one than the promise was made under.
#include "engine/graph/machine.h"

namespace yard::engine::graph {

void Machine::resume() {
    topology_.recount();
    for (Node& node : topology_.nodes()) {
        count_state(node.facts.actual, 1);
        node.announce();
        timers_.update(node);
        promise_again(node);
        touch(node);
    }
    fire_due();
}

void Machine::promise_again(Node& node) {
    const ServiceFacts& facts = node.facts;
    if (facts.armed) {
        request(node, kArm);
    } else if (facts.pid != 0 && may_be_armed(node.config)) {
        request(node, kDisarm);
    }
    switch (facts.phase) {
        case Phase::spawning:
            request(node, kSpawn);
            // Its stop timed out before it was answered.
            if (facts.actual == State::stopping && facts.deadline == Deadline::none) request(node, kKillTree);
            break;
        case Phase::awaiting_ready:
            if (ready_without_check(node.config)) return enter_running(node);
            request(node, kBeginReadiness);
            break;
        case Phase::stop_command:
            if (node.config.stop.command.empty()) return signal_after_command(node, /*command_ok=*/true);
            request(node, kStopCommand);
            break;
        case Phase::stop_signal:
            request(node, kStopSignal);
            break;
        case Phase::killing:
            request(node, kKillTree);
            break;
        case Phase::self_stop:
            break;
        case Phase::none:
            if (facts.actual == State::completed && !node.config.oneshot)
                transition_to(node, State::waiting, Phase::none);
            break;
    }
}

}  // namespace yard::engine::graph
