// The stages of a start, in the order in which the child goes through them. A start that fails names its stage.
#pragma once

#include <stdint.h>

namespace yard {

enum class SpawnStage : uint16_t {
    none,
    process,      // clone3 or the status pipe, in the keeper
    descriptors,  // getting rid of the keeper's
    image,        // the spawn image could not be read
    session,      // setsid
    output,       // opening the log FIFO
    input,        // opening /dev/null as standard input
    ready_fd,     // opening the readiness FIFO
    channels,     // taking the descriptors of its objects
    nice,
    ionice,
    scheduling,
    affinity,
    oom_score_adj,
    rlimit,
    umask,
    groups,  // supplementary groups
    group,
    user,
    privileges,  // no_new_privs
    cwd,
    exec,
};

// The stages' names, as people see them. Indexed by SpawnStage.
inline constexpr const char* kSpawnStageNames[] = {
    "none",     "process", "descriptors", "image",      "session",  "output",        "input",  "ready fd",
    "channels", "nice",    "ionice",      "scheduling", "affinity", "oom_score_adj", "rlimit", "umask",
    "groups",   "group",   "user",        "privileges", "chdir",    "exec",
};
static_assert(sizeof kSpawnStageNames / sizeof *kSpawnStageNames ==
              static_cast<unsigned>(SpawnStage::exec) + 1);

}  // namespace yard
