// What is true of one service now: the part that must survive the engine. Plain memory, copied whole
// into the state file (engine/state_file.h) after every settled event; pointers, strings and
// containers do not belong here.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/exit_status.h"

namespace yard::engine {

// What people see. The transitions, and the function that performs each, stand in engine/service_graph.h.
enum class State : uint8_t { stopped, waiting, starting, running, stopping, backoff, completed, failed };

// A wish, never a state.
enum class Wanted : uint8_t { down, up };

// Why a service that is wanted up does not start.
enum class Hold : uint8_t {
    none,
    manual,      // a person stopped it
    dependency,  // something it requires is not there
    limit,       // it failed `burst` times in `window`
};

// What the current state waits for.
enum class Phase : uint8_t {
    none,
    spawning,        // starting, or stopping already: the keeper was asked; no answer yet
    awaiting_ready,  // starting: the process runs, readiness is outstanding
    stop_command,    // stopping: `stop.command` runs
    stop_signal,     // stopping: the stop signal was sent
    self_stop,       // stopping: it announced by itself that it stops
    killing,         // stopping: SIGKILL was sent to the tree; it is not empty yet
};

// Which promise `deadline_ns` belongs to.
enum class Deadline : uint8_t { none, start_timeout, stop_timeout, backoff, watchdog };

// What decides where `stopping` leads once nothing of the service is left.
enum class Verdict : uint8_t {
    none,     // the wish: down, or up again at once
    by_exit,  // the restart policy, judging the exit status
    failure,  // the restart policy, whatever the status: it was not ready in time, or its watchdog bit
};

// The failures that the restart policy remembers (engine/graph/restart_policy.h).
struct RestartBooks {
    uint32_t consecutive_failures = 0;  // since the last health; the exponent of the next delay
    uint32_t window_count = 0;          // failures since window_start_ns
    int64_t window_start_ns = 0;        // boot time

    bool operator==(const RestartBooks&) const = default;
};

// Text that is cut where it does not fit, always NUL-terminated, never in the middle of a UTF-8 character.
template <size_t N>
struct FixedText {
    char bytes[N] = {};

    void assign(std::string_view text) {
        size_t size = text.size() < N ? text.size() : N - 1;
        if (size < text.size()) {
            while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
        }
        std::memset(bytes, 0, N);
        std::memcpy(bytes, text.data(), size);
    }
    std::string_view view() const { return {bytes, strnlen(bytes, N)}; }
    bool empty() const { return bytes[0] == '\0'; }
};

// A signal that a person had sent.
struct SentSignal {
    int32_t number = 0;  // 0: none
    FixedText<52> by;    // "uid 1000 (alice, pid 4711)"
    int64_t at_ns = 0;   // boot time
};

struct ServiceFacts {
    FixedText<88> name;  // "api", "worker@2"
    State actual = State::stopped;
    Wanted wanted = Wanted::down;
    Hold hold = Hold::none;
    Phase phase = Phase::none;
    Deadline deadline = Deadline::none;
    bool tree_alive = false;  // processes of the last generation may still live
    bool bounce = false;      // go down once, then up again; until its stop begins
    bool main_moved = false;  // `pid` came from MAINPID=; it is not the process that the keeper started
    Verdict verdict = Verdict::none;
    int8_t nice_override = 0;  // by `ctl renice`; valid if has_nice_override
    bool has_nice_override = false;
    bool armed = false;              // the keeper may start generation + 1 without asking
    bool outdated = false;           // the next start is to differ from the last that the engine made
    bool fresh = true;               // it was never started, nor stopped
    uint32_t generation = 0;         // the last one asked of the keeper
    uint32_t exited_generation = 0;  // the last one whose exit is recorded here
    int32_t pid = 0;                 // of the main process; 0: none
    uint32_t restarts = 0;           // starts since the last manual start that the policy decided
    RestartBooks books;
    int64_t started_ns = 0;       // boot time at which the last exec was known to have succeeded; 0: not yet
    int64_t running_ns = 0;       // boot time of the last entry into running; 0: not reached
    int64_t ended_ns = 0;         // boot time of the last exit
    int64_t deadline_ns = 0;      // boot time
    int64_t watchdog_ns = 0;      // within which a running service has to give a sign of life; 0: it need not
    int64_t since_wall_ns = 0;    // time of day of the last change of state
    int64_t since_ns = 0;         // the same as boot time
    SentSignal sent;              // to the last generation, by a person
    ExitStatus exit;              // of the last generation that ended; none if it could not be spawned
    FixedText<120> reason;        // why it is in this state, in words
    FixedText<96> status_text;    // STATUS= of sd_notify
    uint32_t notify_ignored = 0;  // datagrams from outside the service's tree
    uint64_t start_digest = 0;    // of the configuration that the last generation was started by

    // The last change of state that listeners are told (engine/event_ring.h).
    uint64_t event = 0;  // its number; 0: none yet
    State event_from = State::stopped;
};
static_assert(std::is_trivially_copyable_v<ServiceFacts>);

const char* to_string(State state);
const char* to_string(Wanted wanted);

}  // namespace yard::engine
