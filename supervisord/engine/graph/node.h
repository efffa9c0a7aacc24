// One service in the graph: its configuration, its facts, and what the machinery around them needs.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "conf/config.h"
#include "engine/graph/intrusive_queue.h"
#include "engine/service_facts.h"

namespace yard::engine::graph {

inline constexpr uint32_t kNoTimer = ~0u;
inline constexpr uint32_t kNoBlocker = ~0u;

// What a dependency means to the dependent at the moment.
enum class EdgeState : uint8_t {
    met,      // nothing stands in the way
    pending,  // wait
    cycling,  // required, and about to be stopped and started on request: do the same around it
    broken,   // required, and not going to be there: be down
};

// Requests to the world that are noted while an event settles and carried out after it (see Machine::act).
enum Request : uint16_t {
    kDisarm = 1 << 0,
    kEndReadiness = 1 << 1,
    kSpawn = 1 << 2,
    kStopCommand = 1 << 3,
    kStopSignal = 1 << 4,
    kKillTree = 1 << 5,
    kBeginReadiness = 1 << 6,
    kArm = 1 << 7,
};

struct Node {
    uint32_t id = 0;
    std::string name;
    conf::ServiceConfig config;
    ServiceFacts facts;
    uint64_t start_digest = 0;  // of what takes a new process to change; see ServiceFacts
    bool leaving = false;       // no longer configured: it only stops
    bool gone = false;          // and has stopped, and nothing of it is left

    // Kept exact by Topology::refresh.
    std::array<uint32_t, 4> dependencies{};  // how many are in each EdgeState
    uint32_t stop_blockers = 0;              // dependents that have to be down before this one is stopped
    uint32_t unmet() const {
        return dependencies[size_t(EdgeState::pending)] + dependencies[size_t(EdgeState::cycling)] +
               dependencies[size_t(EdgeState::broken)];
    }
    uint32_t in(EdgeState state) const { return dependencies[size_t(state)]; }

    // Of one event.
    uint16_t requests = 0;             // bits of Request
    State announced = State::stopped;  // what listeners were told last
    uint32_t announced_generation = 0;
    // A start that failed and was tried again at once is news, though it is `starting` as before.
    bool is_announced() const {
        return announced == facts.actual && announced_generation == facts.generation;
    }
    void announce() {
        announced = facts.actual;
        announced_generation = facts.generation;
    }

    uint32_t blocker = kNoBlocker;    // index among its dependencies of the one that `reason` names
    bool explained = false;           // `reason` says what it waits for
    uint32_t visit = 0;               // the last walk through the graph that came here
    uint32_t timer_index = kNoTimer;  // see TimerQueue
    QueueHook<Node> dirty;            // to be decided on
    QueueHook<Node> runnable;         // waits only for a start slot
    QueueHook<Node> changed;          // to be persisted
    QueueHook<Node> walk;             // to be visited
};

}  // namespace yard::engine::graph
