// What the keeper reports of a child, in the engine's own terms.
#pragma once

#include <string>

#include "base/exit_status.h"
#include "engine/words.h"
#include "protocol/keeper_protocol.h"

namespace yard::engine {

// REQUIRES: the child has ended, and its start had not failed.
ExitStatus exit_status_of(const keeper::Report& report);

// Of a child that was to run `program` in `cwd`. REQUIRES: its start failed.
SpawnFailure spawn_failure_of(const keeper::Report& report, const std::string& cwd,
                              const std::string& program);

}  // namespace yard::engine
