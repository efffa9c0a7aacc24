// The keeper in an imagined kernel: its tables, event loop and sockets are real; processes are numbers, so
// nothing is forked, signalled or reaped. What the keeper calls for that (clone3, pidfd_open, kill, waitpid
// ...) ends up here, by the linker's --wrap: see yard_keeper_world() in tests/CMakeLists.txt.
//
// One world at a time. All checks abort, so that a fuzzer sees them as well as a test.
#pragma once

#include <signal.h>

#include <map>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "keeper/keeper.h"

namespace yard::keeper {

class KeeperWorld {
  public:
    static constexpr uint32_t kSlots = 64;
    static constexpr int32_t kStranger =
        900;  // a process that is not the keeper's child; it lives until end()

    KeeperWorld();
    ~KeeperWorld();
    KeeperWorld(const KeeperWorld&) = delete;
    KeeperWorld& operator=(const KeeperWorld&) = delete;

    // ---- The engine's part.
    void handle(const void* bytes, uint32_t size, int fd) {
        keeper_->handle_packet(bytes, size, {{fd}, fd >= 0 ? 1u : 0u, 0});
    }
    void handle(const Request& request, int fd = -1) { handle(&request, sizeof request, fd); }
    // Over the socket, with any number of descriptors; the keeper takes it in its next turn.
    void send(const void* bytes, size_t size, const std::vector<int>& fds = {});
    // Lays down the head of an image: enough, where no child reads the rest.
    void lay(uint32_t slot, uint32_t flags = 0);
    // What the keeper has sent since; it stays there until it is read here.
    std::vector<Report> reports();

    // ---- The kernel's part.
    void turn();  // one turn of the keeper's loop, without waiting; checks the invariants
    void reap();  // what a turn does at its end: processes may have ended since it looked at its descriptors
    void end(int32_t pid, int status);
    void end_shim(uint32_t slot, int main_status);
    void main_ends_in_shim(uint32_t slot, int status);
    // Its service comes to the keeper, and one more process of its tree, whose pid this returns; 0: no shim.
    int32_t kill_shim(uint32_t slot);
    void replace_engine();
    int64_t end_engine(int status);  // says in how many ms the next one is due
    void start_engine_now() { keeper_->start_engine(); }
    void take_signal(int number) { keeper_->take_signal(number); }
    void pass(int64_t ms) { now_ns_ += ms * 1'000'000; }  // time stands still but for this
    void starts_fail(bool fail) { starts_fail_ = fail; }
    void watches_fail(bool fail) { watches_fail_ = fail; }  // no memory for what epoll is to watch
    // A child that gets a copy of the keeper's descriptors keeps the status pipe of a start open until release_pipe().
    void copy_pipes() { copies_pipes_ = true; }
    void release_pipe() { copied_pipe_.reset(); }
    int32_t add_child();  // of some service, come to the keeper as an orphan
    void small_sockets(bool small) { small_sockets_ = small; }  // those of later engines hold one packet
    void pretend_held(uint32_t count) { keeper_->held_end_ = count; }  // none may be looked at
    const Record& record(uint32_t slot) const { return keeper_->records_[slot]; }
    uint32_t unacknowledged() const { return keeper_->unacknowledged_; }
    uint32_t held() const { return keeper_->held_end_; }
    int32_t engine_pid() const { return keeper_->engine_pid_; }
    bool has_good_binary() const { return keeper_->good_binary_ >= 0; }
    bool runs_good_binary() const { return keeper_->runs_good_binary_; }
    void check() const;

    // ---- What the wrapped calls do.
    struct Process {
        bool child = true;
        bool of_shim = false;
        bool ended = false;
        int status = 0;
        int event = -1;  // readable when it has ended; pidfds are duplicates
    };
    long clone();
    int open_pidfd(int32_t pid);
    void signal(int32_t pid, int number);
    int32_t wait_any(int* status);
    int wait_pidfd(int fd, siginfo_t* info);
    bool is_child(int32_t pid) const;
    bool is_of_shim(int32_t pid) const { return processes_.at(pid).of_shim; }
    std::vector<int32_t> children() const;
    void made_sockets(const int* ends);
    bool watches_fail() const { return watches_fail_; }
    int64_t now_ns() const { return now_ns_; }

  private:
    void start_shims();
    void check_owing() const;
    void check_processes() const;

    std::unique_ptr<Keeper> keeper_;
    UniqueFd engine_end_;
    std::map<int32_t, Process> processes_;  // ended ones until they are reaped
    std::map<int, int32_t> pidfds_;
    int32_t next_pid_ = 1000;
    int64_t now_ns_ = 1'000'000'000'000;
    bool starts_fail_ = false;
    bool watches_fail_ = false;
    bool copies_pipes_ = false;
    UniqueFd copied_pipe_;
    bool small_sockets_ = false;
    size_t open_before_;
};

}  // namespace yard::keeper
