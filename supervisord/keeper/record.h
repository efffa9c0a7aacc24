// The keeper's memory: one record a slot, and the index from pid to slot. Static tables; nothing is
// allocated.
#pragma once

#include <stdint.h>

#include "protocol/keeper_protocol.h"

namespace yard::keeper {

// What the shim of a slot tells the keeper, in memory that both map (see shim.h). The shim alone writes it.
struct ShimCell {
    volatile int32_t main_pid;
    volatile int32_t wait_status;
    volatile uint32_t main_ended;
};

// How a generation ended. Kept until the engine acknowledges it.
struct ExitRecord {
    uint32_t generation;  // 0: none
    int32_t wait_status;
    uint16_t stage;  // SpawnStage and errno of a start that failed
    uint16_t error;
    bool tree_empty;
    int32_t next_pid;  // the armed generation + 1 was started as this process
    int64_t started_ns, ended_ns;
};

inline constexpr uint32_t kNobody = ~0u;

struct Record {
    uint32_t generation;  // of `state`; the newest ever seen: older ones are refused
    RecordState state;
    int32_t pid;         // main process while spawning or running; the shim's child where there is a shim
    int32_t shim_pid;    // 0: none
    int32_t status_fd;   // read end of the child's status pipe while spawning; else 0
    int32_t lane;        // write end of that pipe, while the child shares our descriptors; else 0
    int32_t main_pidfd;  // of a main process named by set_main, which need not be our child; else 0
    uint16_t stage;      // what the status pipe said
    uint16_t error;
    bool armed;
    bool owes_started, owes_exit, owes_previous, owes_tree_empty;  // reports that the engine should get
    bool queued;                                                   // in the list of records that owe reports
    uint32_t next_owing;
    int64_t started_ns;
    ExitRecord exit;      // of `generation`, in states lingering and exited
    ExitRecord previous;  // of the generation before, when an armed one took over before it was acknowledged
    ArmTerms arm;
};

// pid -> slot, for reaping. Open addressing with linear probing; removal shifts back, so no tombstones. The table
// doubles as it fills, into the memory behind it, and gives the old one back: pids run through all numbers, and a
// table for every slot would be touched everywhere by a few services.
class PidIndex {
  public:
    static constexpr uint32_t kMinSize = 512;  // entries: a page
    static constexpr uint32_t kMaxSize = 4 * kMaxSlots;
    static constexpr uint64_t kBytes = (2 * kMaxSize - kMinSize) * 8;

    // `zeroed` is kBytes of memory, a private mapping, that outlives this.
    void use(void* zeroed) { tables_ = entries_ = static_cast<Entry*>(zeroed); }
    void* memory() const { return tables_; }

    void insert(int32_t pid, uint32_t slot);
    void remove(int32_t pid);
    // False when the pid is nobody's: an orphan.
    bool find(int32_t pid, uint32_t* slot) const;

  private:
    struct Entry {
        int32_t pid;  // 0: free
        uint32_t slot;
    };
    uint32_t home(int32_t pid) const { return static_cast<uint32_t>(pid) & (size_ - 1); }
    uint32_t after(uint32_t at) const { return (at + 1) & (size_ - 1); }
    uint32_t locate(int32_t pid) const;
    void grow();

    Entry* tables_ = nullptr;
    Entry* entries_ = nullptr;  // the table in use
    uint32_t size_ = kMinSize;
    uint32_t used_ = 0;
};

}  // namespace yard::keeper
