// Reading and writing the position record of a log so that a kill between any two instructions leaves the old
// record or the new one, never a mixture.
#pragma once

#include "engine/log_router.h"

namespace yard::engine::logs {

LogPosition load_position(const LogPositionCell& cell);

// Writes the copy that is not valid, then makes it the valid one with a single store.
void store_position(LogPositionCell& cell, const LogPosition& position);

}  // namespace yard::engine::logs
