// The counters of one service's log, written by the log thread and read by any.
#pragma once

#include <atomic>

#include "engine/log_router.h"

namespace yard::engine::logs {

struct SharedCounters {
    std::atomic<uint64_t> bytes_in{0};
    std::atomic<uint64_t> dropped_bytes{0};
    std::atomic<uint64_t> dropped_lines{0};
    std::atomic<uint64_t> rotations{0};

    LogCounters read() const { return {bytes_in, dropped_bytes, dropped_lines, rotations}; }
};

}  // namespace yard::engine::logs
