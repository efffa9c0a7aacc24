// The shim: where there is no cgroup, one small process between the keeper and each service. It is the
// keeper's fork without exec, subreaper of its service: orphans come to it and to nobody else, so it knows
// its whole tree, kills and reaps it, and ends when nothing is left. It outlives the keeper.
//
// The keeper commands it with queued real-time signals (safe: the shim is the keeper's unreaped child); it
// answers through its ShimCell and by ending.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "keeper/child.h"
#include "keeper/record.h"

namespace yard::keeper {

// Tells a shim to kill its tree. No queued signal: those can run out (RLIMIT_SIGPENDING), and this one must
// arrive.
inline constexpr int kShimKill = SIGSYS;

// Queued signals (numbers above those the C library keeps), with an argument in si_value.
inline constexpr int kShimSignal = 40;  // to the keeper's commands below
inline constexpr int kShimNotice = 41;  // to the keeper: the main process ended, its tree lives (value: slot)

enum class ShimCommand : uint32_t { signal_main, signal_tree, set_main };

// Packs a command with its number (a signal or a pid, below 2^24) into si_value.
inline int pack_command(ShimCommand command, int32_t number) {
    return static_cast<int>(static_cast<uint32_t>(command) << 28 |
                            (static_cast<uint32_t>(number) & 0xFFFFFFF));
}

// sigqueue(3) as a system call. 0, or -1 and errno.
int queue_signal(pid_t pid, int signal, int value);

// What ps(1) shows of a process are the bytes where its arguments lay.
struct ShimTitle {
    char* place;
    size_t room;
    uint32_t offset;  // of the text in the image; 0: none
};

struct ShimPlan {
    ChildPlan child;
    uint32_t slot;
    ShimCell* cell;
    bool linger;  // when the main process ends, leave the tree until told (a daemon may yet name its new main
                  // process)
    ShimTitle title;
};

// Starts the child, then serves until the tree is empty. REQUIRES: the keeper's fork, all signals blocked.
[[noreturn]] void run_shim(const ShimPlan& plan);

}  // namespace yard::keeper
