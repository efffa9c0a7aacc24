// The keeper: parent of every service, tiny and static. It knows mechanism only (spawn, reap, signal, hold
// descriptors, keep an engine alive) and decides nothing.
//
// One object, one thread, no heap: tables are address space reserved at the start, and pages nobody touches
// cost nothing. After start-up nothing ends it but `quit`: failures of system calls are reported to the
// engine, retried, or survived.
#pragma once

#include <stdint.h>

#include "keeper/child.h"
#include "keeper/record.h"
#include "keeper/shim.h"
#include "keeper/text.h"
#include "protocol/keeper_protocol.h"
#include "protocol/spawn_image.h"

namespace yard::keeper {

inline constexpr uint32_t kMaxHeld = 3 * kMaxSlots;

// A descriptor kept for the next engine.
struct HeldFd {
    uint64_t name;
    int32_t fd;
};

// The descriptors that came beside a packet, for its `hold`s in their order.
struct PassedFds {
    int fds[kMaxBatch];
    uint32_t count;
    uint32_t taken;

    int take() { return taken < count ? fds[taken++] : -1; }  // -1: none is left
};

// A child that got a copy of thousands of descriptors would spend longer closing them than starting. So it shares
// the keeper's table (CLONE_FILES) and leaves it with a copy of the lowest few, which close_range(2) makes with
// CLOSE_RANGE_UNSHARE (kernel 5.9). Among those few are the lanes: places for the write ends of status pipes. The
// child says so when it has left; then the keeper closes its own end, and the pipe's end tells about exec as ever. When
// no lane is free, the keeper waits for a child to leave, which takes no longer than to be scheduled.
inline constexpr int kFirstLane = 16;
inline constexpr int kLanes = 16;

struct Options {
    const char* engine_path;
    char** argv;  // the daemon's own, passed on to the engine
    char** env;
    char* title;  // where the arguments lie, and how much lies there with the environment behind them
    size_t title_room;
    int ready_fd;  // gets one byte, an exit code, when the engine first works or gives up; -1: nobody waits
};

class Keeper {
  public:
    // Runs until `quit`; returns the exit code. Only start-up can fail: a sentence on stderr and 71.
    int run(const Options& options);

    // One packet from the engine, which may hold any bytes: what is no valid request is dropped. The descriptors now
    // belong to the keeper; those that nothing asks for are closed.
    void handle_packet(const void* bytes, uint32_t size, PassedFds fds);

  private:
    friend class KeeperWorld;  // tests: an imagined kernel around it
    enum class Source : uint32_t { signals, engine, start_status, main_pidfd };

    // keeper.cc: start-up and loop.
    bool set_up();
    bool make_room();
    bool watch(int fd, Source source, uint32_t slot);
    void watch_engine(uint32_t events);
    int patience_ms(int64_t now) const;
    void loop_once();
    void read_signals();
    void take_signal(int number);

    // requests.cc: what the engine asks.
    void handle_request(const Request& request, PassedFds* fds);
    void hold(uint64_t name, int fd);
    void release(uint64_t name);
    int held_fd(uint64_t name) const;  // -1: there is none
    void send_signal(const Request& request);
    void set_main(const Request& request);
    bool may_be_main(int32_t pid) const;
    bool follow(uint32_t slot, int32_t pid);
    void acknowledge(const Key& key);

    // keys.cc: the rule that makes spawning idempotent.
    void spawn(const Key& key);

    // spawn.cc: bringing processes up.
    bool start(uint32_t slot, uint32_t generation);  // false: no process; the record has stage and errno
    SpawnStage try_start(uint32_t slot, const ImageHeader& header, int* error);
    long clone_child(int cgroup_fd, bool share_files);
    void become_child(uint32_t slot, const ImageHeader& header, const GivenFds& given, int status_fd,
                      int cgroup_fd);
    int take_lane(uint32_t slot, int* fd);
    void await_lane();
    void free_lane(Record* record);
    bool read_header(uint32_t slot, ImageHeader* header) const;
    bool find_given(uint32_t slot, const ImageHeader& header, GivenFds* given) const;
    void read_start_status(uint32_t slot);
    void finish_start_status(uint32_t slot);

    // reap.cc: processes that end.
    void reap_children();
    void child_ended(int32_t pid, int status);
    void shim_ended(uint32_t slot);
    void tree_emptied(uint32_t slot);
    void shim_notice(uint32_t slot, int32_t shim_pid);
    void main_pidfd_ready(uint32_t slot);
    void main_ended(uint32_t slot, int status, bool tree_empty);
    bool may_respawn(uint32_t slot) const;
    bool respawn(uint32_t slot);
    bool tree_left(uint32_t slot) const;

    // strays.cc: what a killed shim leaves behind.
    void shim_killed(uint32_t slot);
    void outlived_shim(uint32_t slot, int status);
    void end_strays();
    void end_if_stray(int32_t pid);

    // engine_process.cc: keeping an engine alive.
    void start_engine();
    [[noreturn]] void become_engine(int socket_fd);
    void engine_ended(int status);
    void engine_readable();
    bool read_engine_packet();
    void kill_stuck_engine(int64_t now);
    void choose_binary();
    void judge_engine(int64_t now, bool killed);
    bool awaits_engine() const { return unacknowledged_ > 0 || signals_pending_ != 0; }
    void hello();
    void tell_waiter(int code);

    // reports.cc: telling the engine, never blocking.
    void owe(uint32_t slot, bool Record::*report);
    void forget_reports();
    void flush_reports();
    bool push(const Report& report);
    bool send_batch();
    bool push_inventory();
    bool push_owed(uint32_t slot);
    bool make_space(uint32_t reports);
    Report record_report(ReportType type, uint32_t slot) const;

    Record& record(uint32_t slot) { return records_[slot]; }

    Options options_{};
    Inherited inherited_{};
    uint32_t slots_ = 0;
    uint32_t slots_end_ = 0;  // no record in use at or above: pages above stay untouched
    Record* records_ = nullptr;
    ShimCell* cells_ = nullptr;  // shared with the shims
    PidIndex pids_{};
    HeldFd* held_ = nullptr;
    uint32_t held_end_ = 0;  // all below are in use

    int epoll_fd_ = -1;
    int signal_fd_ = -1;
    int arena_fd_ = -1;
    uint64_t instance_ = 0;
    bool clone3_works_ = true;
    uint32_t free_lanes_ = (1u << kLanes) - 1;  // bit n: descriptor kFirstLane + n
    uint32_t lane_slots_[kLanes]{};             // whose child is in it
    bool children_wait_ = false;                // the turn's bound on deaths was reached
    bool strangers_possible_ = false;           // among our children, see orphans.h
    bool strays_left_ = false;                  // some of a killed shim's may be our children now
    int exit_code_ = -1;                        // >= 0: leave the loop

    // The engine.
    int engine_fd_ = -1;      // our end of the socketpair
    int32_t engine_pid_ = 0;  // 0: none runs
    int engine_binary_ =
        -1;  // O_PATH: what lies at the engine's path, and this one runs unless runs_good_binary_
    int good_binary_ = -1;  // O_PATH: what the last engine ran that worked for a while
    bool runs_good_binary_ = false;
    bool engine_said_hello_ = false;
    uint32_t engine_runs_ = 0;
    uint32_t short_lives_ = 0;  // engines in a row that did not work for long
    bool ever_hello_ = false;
    bool waiter_told_ = false;
    int64_t engine_started_ns_ = 0;
    int64_t engine_due_ns_ = 0;  // when to start the next; 0: one runs

    // Reports.
    Report batch_[kMaxBatch]{};
    uint32_t batch_size_ = 0;
    bool engine_full_ = false;  // its socket took no more: EPOLLOUT is watched
    bool welcomed_ = false;
    bool inventory_done_ = false;
    uint32_t inventory_held_ = 0, inventory_slot_ = 0;  // how far the inventory got
    uint32_t owing_head_ = kNobody, owing_tail_ = kNobody;
    uint32_t unacknowledged_ = 0;    // exits
    int64_t last_progress_ns_ = 0;   // of acknowledging
    uint64_t signals_pending_ = 0;   // bit n: signal n is not acknowledged
    uint64_t signals_standing_ = 0;  // acknowledged, and told to each new engine: the end is under way
    uint64_t signals_unsent_ = 0;
};

int64_t now_ns();  // CLOCK_BOOTTIME

// Writes "supervisord: WHAT: errno in words" to stderr. For start-up only: it may wait. Always false.
bool complain(const char* what);

// Writes to stderr if that takes no waiting: whoever reads it may be stuck, and then nobody would reap.
void say(const Text& sentence);

}  // namespace yard::keeper
