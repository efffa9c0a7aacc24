// How well the keeper is protected, as the kernel tells: what it tried for itself at its start may have been refused.
#pragma once

#include <sys/types.h>

#include "engine/host/proc.h"

namespace yard::engine {

struct KeeperHealth {
    bool memory_locked = false;
    int oom_score_adj = 0;  // -1000: the kernel never kills it for memory
};

// Without a word about `keeper` in /proc, it counts as unprotected.
KeeperHealth keeper_health(const ProcFs& proc, pid_t keeper);

}  // namespace yard::engine
