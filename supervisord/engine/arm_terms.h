// What makes the keeper start the next generation of a service without asking the engine.
#pragma once

#include "base/clock.h"

namespace yard::engine {

struct ArmTerms {
    bool on_failure = false;  // restart on exits other than exit(0)
    bool on_success = false;  // restart on exit(0)
    Duration min_uptime{0};   // only if it lived this long

    bool operator==(const ArmTerms&) const = default;
};

}  // namespace yard::engine
