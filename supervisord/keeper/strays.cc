#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/keeper.h"
#include "keeper/orphans.h"
#include "keeper/tree.h"

namespace yard::keeper {
namespace {

bool is_our_child(int32_t pid) {
    siginfo_t info;
    return pid > 0 && waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

// Without a shim nobody holds the service's tree: all of it has to end, and to start again under a new shim.
void Keeper::shim_killed(uint32_t slot) {
    Record& target = record(slot);
    const ShimCell& cell = cells_[slot];
    target.shim_pid = 0;
    strays_left_ = true;
    if (target.state == RecordState::lingering) return;
    uint32_t owner;
    if (cell.main_ended || !is_our_child(cell.main_pid) || pids_.find(cell.main_pid, &owner)) {
        return outlived_shim(slot, cell.main_ended ? cell.wait_status : kStatusUnknown);
    }
    target.pid = cell.main_pid;
    pids_.insert(target.pid, slot);
    kill(target.pid, SIGKILL);
}

// The main process is gone, after its shim. That is told when the rest of its tree is gone too; until then the cell,
// which nobody else writes any more, keeps the status.
void Keeper::outlived_shim(uint32_t slot, int status) {
    Record& target = record(slot);
    target.state = RecordState::lingering;
    if (target.status_fd > 0) close(target.status_fd);
    target.status_fd = 0;
    cells_[slot].wait_status = status;
    strays_left_ = true;  // what it had comes to us now
}

// A stray's children come to us in the moment of its death, which brings us back here, so nothing needs to be walked
// or tried again: when no stray is a child of ours, none is left.
void Keeper::end_strays() {
    strays_left_ = false;
    visit_children([](int32_t pid, void* self) { static_cast<Keeper*>(self)->end_if_stray(pid); }, this);
    if (strays_left_) return;
    for (uint32_t slot = 0; slot < slots_end_; ++slot) {
        const Record& left = record(slot);
        if (left.state != RecordState::lingering || left.shim_pid > 0) continue;
        if (left.exit.ended_ns != 0) {
            tree_emptied(slot);
        } else {
            main_ended(slot, cells_[slot].wait_status, true);
        }
    }
}

void Keeper::end_if_stray(int32_t pid) {
    uint32_t slot;
    if (pid == engine_pid_ || pids_.find(pid, &slot) || !came_from_shim(pid, strangers_possible_)) return;
    if (kill(pid, SIGKILL) == 0) strays_left_ = true;  // else it is not ours to end
}

}  // namespace yard::keeper
