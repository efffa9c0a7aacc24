// How fast a queue moves, measured by whoever looks at it: nobody counts for it, and nothing wakes up to.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace yard::engine {

struct QueueTraffic {
    uint64_t puts = 0, gets = 0;  // so far
};
struct QueueRates {
    double puts = 0, gets = 0;  // a second
};

class RateMeter {
  public:
    // Since the last look that lies at least a second back, or else since the first one; 0 at that.
    QueueRates look(BootTime now, QueueTraffic traffic);

  private:
    struct Mark {
        BootTime at{};
        QueueTraffic traffic;
    };
    std::optional<Mark> before_, last_;
};

}  // namespace yard::engine
