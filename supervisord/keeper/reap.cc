#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/keeper.h"
#include "keeper/text.h"

namespace yard::keeper {
namespace {

constexpr char kUnpopulated[] = "populated 0";  // in cgroup.events

// So that the engine's requests and signals get their turn in a storm of deaths.
constexpr uint32_t kDeathsPerTurn = 64;

bool has_ended(int pidfd) {
    pollfd end{pidfd, POLLIN, 0};
    return poll(&end, 1, 0) == 1;
}

}  // namespace

void Keeper::reap_children() {
    int status;
    pid_t pid = 0;
    for (uint32_t i = 0; i < kDeathsPerTurn && (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0; ++i) {
        child_ended(pid, status);
    }
    children_wait_ = pid > 0;
    // Those that ended are out of the way first: to look at each of them again, turn after turn, would let a storm win.
    if (strays_left_ && !children_wait_) end_strays();
}

void Keeper::child_ended(int32_t pid, int status) {
    if (pid == engine_pid_) return engine_ended(status);
    uint32_t slot;
    if (!pids_.find(pid, &slot)) {
        return;  // an orphan of some service, or of our own PID namespace: reaped, and that is all
    }
    pids_.remove(pid);
    finish_start_status(slot);
    Record& target = record(slot);
    if (target.shim_pid == pid) return WIFEXITED(status) ? shim_ended(slot) : shim_killed(slot);
    if (target.main_pidfd > 0) close(target.main_pidfd);
    target.main_pidfd = 0;
    // Only a shim fills the cell, and this one was killed.
    if (cells_[slot].main_pid != 0) return outlived_shim(slot, status);
    main_ended(slot, status, false);
}

// A shim ends by itself when its tree is empty.
void Keeper::shim_ended(uint32_t slot) {
    record(slot).shim_pid = 0;
    if (record(slot).state == RecordState::lingering) return tree_emptied(slot);
    main_ended(slot, cells_[slot].main_ended ? cells_[slot].wait_status : kStatusUnknown, true);
}

void Keeper::tree_emptied(uint32_t slot) {
    Record& target = record(slot);
    target.state = RecordState::exited;
    target.exit.tree_empty = true;
    owe(slot, &Record::owes_tree_empty);
}

// The main process of a lingering shim ended while others of its tree live.
void Keeper::shim_notice(uint32_t slot, int32_t shim_pid) {
    if (slot >= slots_end_ || shim_pid <= 0) return;
    Record& target = record(slot);
    if (target.shim_pid != shim_pid || !cells_[slot].main_ended) return;
    read_start_status(slot);
    if (target.state != RecordState::running && target.state != RecordState::spawning) return;
    // Another process was named the main one meanwhile; the shim has yet to read that.
    if (target.state == RecordState::running && target.pid != cells_[slot].main_pid) return;
    main_ended(slot, cells_[slot].wait_status, false);
    target.state = RecordState::lingering;
}

void Keeper::main_pidfd_ready(uint32_t slot) {
    Record& target = record(slot);
    if (target.main_pidfd <= 0 || !has_ended(target.main_pidfd))
        return;  // the event was that of an earlier one
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int status = kStatusUnknown;
    const auto id = static_cast<id_t>(target.main_pidfd);
    // ECHILD: it was another's child, who alone learned how it ended.
    if (waitid(static_cast<idtype_t>(P_PIDFD), id, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        status = info.si_code == CLD_EXITED ? info.si_status << 8
                                            : info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
    }
    close(target.main_pidfd);
    target.main_pidfd = 0;
    uint32_t owner;
    if (pids_.find(target.pid, &owner) && owner == slot)
        pids_.remove(target.pid);  // else the number is in use again
    main_ended(slot, status, false);
}

void Keeper::main_ended(uint32_t slot, int status, bool tree_empty) {
    Record& target = record(slot);
    target.exit = {target.generation, status, target.stage,      target.error,
                   tree_empty,        0,      target.started_ns, now_ns()};
    target.state = RecordState::exited;
    if (!awaits_engine()) last_progress_ns_ = target.exit.ended_ns;
    ++unacknowledged_;
    if (!may_respawn(slot) || !respawn(slot)) owe(slot, &Record::owes_exit);
}

// The armed generation takes over. False: it could not; then it was never armed, and the engine decides.
bool Keeper::respawn(uint32_t slot) {
    Record& target = record(slot);
    const Record before = target;
    target.previous = target.exit;
    if (!start(slot, target.generation + 1)) {
        const uint32_t next_owing = target.next_owing;  // the start may have heard from other children
        target = before;
        target.next_owing = next_owing;
        target.armed = false;
        return false;
    }
    target.previous.next_pid = target.shim_pid > 0 ? target.shim_pid : target.pid;
    owe(slot, &Record::owes_previous);
    return true;
}

// Is the next generation armed, for an end like this one, and free to start?
bool Keeper::may_respawn(uint32_t slot) const {
    const Record& target = records_[slot];
    const ExitRecord& exit = target.exit;
    if (!target.armed || target.previous.generation != 0 || exit.stage != 0) return false;
    if (exit.wait_status == kStatusUnknown || exit.ended_ns - exit.started_ns < target.arm.min_uptime_ns)
        return false;
    const uint32_t code = WEXITSTATUS(exit.wait_status), signal = WTERMSIG(exit.wait_status);
    const bool wanted = WIFEXITED(exit.wait_status) ? target.arm.codes[code / 8] >> (code % 8) & 1
                                                    : target.arm.signals >> (signal % 64) & 1;
    return wanted && (exit.tree_empty || !tree_left(slot));
}

// Does the cgroup still hold processes? Then the engine has to clear it first. Unreadable counts as yes.
bool Keeper::tree_left(uint32_t slot) const {
    ImageHeader header;
    char text[256];
    return !read_header(slot, &header) ||
           !read_text(AT_FDCWD, (Text() << header.cgroup << "/cgroup.events").c_str(), text, sizeof text) ||
           memmem(text, strlen(text), kUnpopulated, sizeof kUnpopulated - 1) == nullptr;
}

}  // namespace yard::keeper
