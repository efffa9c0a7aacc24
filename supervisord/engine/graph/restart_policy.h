// The restart policy as arithmetic: what follows an exit, after which delay, and how failures are counted.
// Pure functions of configuration, books and the exit; the state machine calls them and does what they say.
//
// Counting. A failure is an exit that is no success, a start that failed, or any exit before `min_uptime` of
// a service that would be restarted. `books.consecutive_failures` sets the delay; `reset_after` in `running`
// clears both books, looked at when the next exit comes. Failures are counted in windows that begin with a
// failure (window_start_ns, window_count): O(1), and `burst` failures in one window are the limit.
//
// Delay of the n-th failure since health: with `immediate` the first is 0 and the n-th is delay *
// factor^(n-2), else delay * factor^(n-1); at most max_delay, then spread by jitter (so that services capped
// together do not come back together). A success that is restarted counts as no failure and waits as long as
// the last one did.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/exit_status.h"
#include "conf/config.h"
#include "engine/arm_terms.h"
#include "engine/service_facts.h"

namespace yard::engine::graph {

struct Ending {
    bool success = false;             // see is_success; false for a failed start whatever its status
    Duration lived{0};                // from exec to exit
    std::optional<Duration> running;  // time in `running`; none: it never got there
    BootTime at;
};

struct Ruling {
    enum class Kind : uint8_t {
        completed,  // a one-shot that succeeded
        stopped,    // ended well, and the policy does not restart that
        failed,     // ended badly, and the policy does not restart that
        limit,      // failed `burst` times in `window`
        restart,    // after `delay`
    };
    Kind kind = Kind::stopped;
    Duration delay{0};
};

// By success_codes and success_signals.
bool is_success(const conf::ServiceConfig& config, ExitStatus status);

// What follows `ending`; enters it in `books`. `random` is in [0, 1).
Ruling judge(const conf::ServiceConfig& config, const Ending& ending, double random, RestartBooks& books);

// The terms under which judge() is certain to say "restart at once" of the next exit, if there are any.
std::optional<ArmTerms> arm_terms(const conf::ServiceConfig& config, const RestartBooks& books);

// The delay before the restart that follows the n-th failure since health, n >= 1.
Duration restart_delay(const conf::RestartPolicy& policy, uint32_t failures, double random);

}  // namespace yard::engine::graph
