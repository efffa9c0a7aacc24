#include "engine/logs/position.h"

#include <atomic>

namespace yard::engine::logs {

LogPosition load_position(const LogPositionCell& cell) {
    return cell.copies[cell.sequence & 1];
}

void store_position(LogPositionCell& cell, const LogPosition& position) {
    const uint64_t next = cell.sequence + 1;
    cell.copies[next & 1] = position;
    std::atomic_ref<uint64_t>(cell.sequence).store(next, std::memory_order_release);
}

}  // namespace yard::engine::logs
