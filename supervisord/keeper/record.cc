#include "keeper/record.h"

namespace yard::keeper {

uint32_t PidIndex::locate(int32_t pid) const {
    uint32_t at = home(pid);
    while (entries_[at].pid != 0 && entries_[at].pid != pid) at = (at + 1) & (kSize - 1);
    return at;
}

void PidIndex::insert(int32_t pid, uint32_t slot) {
    entries_[locate(pid)] = {pid, slot};
}

bool PidIndex::find(int32_t pid, uint32_t* slot) const {
    const Entry& entry = entries_[locate(pid)];
    if (entry.pid == 0) return false;
    *slot = entry.slot;
    return true;
}

void PidIndex::remove(int32_t pid) {
    uint32_t hole = locate(pid);
    if (entries_[hole].pid == 0) return;
    entries_[hole].pid = 0;
    // Whoever was pushed past the hole must be found again: move it in if the hole lies between its home and it.
    for (uint32_t at = (hole + 1) & (kSize - 1); entries_[at].pid != 0; at = (at + 1) & (kSize - 1)) {
        const uint32_t from_home = (at - home(entries_[at].pid)) & (kSize - 1);
        const uint32_t from_hole = (at - hole) & (kSize - 1);
        if (from_home < from_hole) continue;
        entries_[hole] = entries_[at];
        entries_[at].pid = 0;
        hole = at;
    }
}

}  // namespace yard::keeper
