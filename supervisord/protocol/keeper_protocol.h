// The messages between keeper and engine: fixed records of 64 bytes in host order, 1..kMaxBatch of them in one
// packet of a SOCK_SEQPACKET socketpair. Both ends are of one build: the version in `welcome` only catches a mix-up.
//
// Conversation: the keeper starts the engine with the socket as descriptor 3 and sends an inventory: `welcome`, then
// `held` for each descriptor it keeps (the engine has inherited it under that number), `record` for each slot that
// has or had a process, `inventory_end`. The engine answers `hello` when it is ready to work.
//
// Keys are (slot, generation). Spawning is idempotent: a known key is answered with its record, a generation below
// the slot's newest with `refused`. Exits are a table, not a queue: `exited` is repeated to each new engine until
// `acknowledge`, and so are signals; those that ask for the end of everything are told to each new engine even after.
#pragma once

#include <stdint.h>

namespace yard::keeper {

inline constexpr uint32_t kProtocolVersion = 1;
inline constexpr uint32_t kMaxBatch = 64;
inline constexpr uint32_t kMaxSlots = 65536;
inline constexpr int kEngineSocketFd = 3;
inline constexpr int64_t kStuckAfterNs =
    10'000'000'000;  // an engine that acknowledges nothing for so long is killed

struct Key {
    uint32_t slot;
    uint32_t generation;  // from 1
};

// ---- Engine to keeper.
enum class RequestType : uint32_t {
    hello = 1,  // ready; ends the keeper's patience with a failing start
    spawn,      // key: start it; the image lies in the arena
    arm,  // key of the next generation: start it, from the same image, when the present one ends as `arm` says
    disarm,              // slot
    acknowledge,         // key: the exit is on record; forget it
    acknowledge_signal,  // number: the signal is taken note of
    signal,              // key, number, tree: to the main process or everything
    kill_tree,           // key: SIGKILL to all of a shim's tree
    set_main,            // key, pid: this process of the tree is the main one from now on
    hold,                // name: keep the next of the packet's descriptors (SCM_RIGHTS) for the next engine
    release,             // name: close it
    quit,                // number: end the keeper with this exit code
};

struct ArmTerms {
    int64_t min_uptime_ns;  // only if the process lived this long
    uint8_t codes[32];      // bit n: exit code n
    uint64_t signals;       // bit n: signal n
};

struct Request {
    RequestType type;
    Key key;
    union {
        struct {
            int32_t number;
            uint32_t tree;
        } signal;
        int32_t pid;
        int32_t exit_code;
        uint64_t name;
        ArmTerms arm;
        uint8_t padding[48];
    };
};

// ---- Keeper to engine.
enum class ReportType : uint32_t {
    welcome = 1,
    held,
    record,  // the state of a slot: in the inventory, and as the answer to spawning a known key
    inventory_end,
    started,     // exec succeeded
    exited,      // the main process ended, or the start failed (stage is not none)
    tree_empty,  // a lingering shim's tree is gone
    refused,     // spawn of an old generation
    signal,      // the keeper itself got this signal
};

enum class RecordState : uint32_t { empty, spawning, running, lingering, exited };

struct Report {
    ReportType type;
    Key key;
    union {
        struct {
            uint32_t version;
            uint32_t slots;
            uint64_t instance;     // random number of this keeper: state of another keeper is history
            uint32_t engine_runs;  // engines started so far, this one included
            int32_t keeper_pid;
            int32_t arena_fd;
        } welcome;
        struct {
            uint64_t name;
            int32_t fd;
        } held;
        struct {  // record, started, exited, tree_empty, refused
            RecordState state;
            int32_t pid;          // of the main process
            int32_t shim_pid;     // 0: no shim
            int32_t wait_status;  // as wait(2); kStatusUnknown when nobody could see it
            uint16_t stage;       // SpawnStage at which the start failed
            uint16_t error;       // its errno
            uint32_t
                tree_empty;  // exited: nothing is left of its tree (shims only; cgroups the engine looks at)
            int64_t started_ns;  // CLOCK_BOOTTIME
            int64_t ended_ns;
            int32_t next_pid;  // exited: generation + 1 was armed and runs as this process; 0: no
        } record;
        int32_t signal;
        uint8_t padding[48];
    };
};

inline constexpr int32_t kStatusUnknown = -1;

static_assert(sizeof(Request) == 64 && sizeof(Report) == 64);

}  // namespace yard::keeper
