// What runs between clone and exec. Nothing here allocates, takes a lock or returns.
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#include "protocol/spawn_image.h"

namespace yard::keeper {

// What the keeper changed for itself and children must not inherit.
struct Inherited {
    rlimit files;           // RLIMIT_NOFILE as the keeper found it
    char oom_score_adj[8];  // text as found; empty: the keeper left it alone
};

// Descriptors of the keeper that a child gets, in the image's order.
struct GivenFds {
    int fds[kMaxPassed];
    uint32_t count;
};

struct ChildPlan {
    int arena_fd;
    uint64_t image_offset;
    uint32_t image_size;
    int status_fd;  // write end, close-on-exec: closes without a word when exec succeeds
    const Inherited* inherited;
    const GivenFds* given;
};

// One failed start, as it travels over the status pipe.
struct StartFailure {
    uint16_t stage;  // SpawnStage
    uint16_t error;  // errno
};

// Carries out the image's steps and execs. On failure writes a StartFailure to the pipe and exits with 127.
// REQUIRES: a process of its own (no shared memory with the keeper), all signals blocked.
[[noreturn]] void run_child(const ChildPlan& plan);

// To be called first by a child that shares the keeper's descriptors: leaves with a copy of those below `end`, and
// writes kLeftFiles to `status_fd`. A child that cannot leave ends, with kLeftFiles and the failure in one write: the
// descriptor is the keeper's to close as soon as that has read the word.
void leave_shared_files(int status_fd, unsigned end);
inline constexpr char kLeftFiles = 'L';

// Tells the keeper why there is no process, and ends with 127.
[[noreturn]] void fail_start(int status_fd, SpawnStage stage, int error);

}  // namespace yard::keeper
