#include "keeper/record.h"

#include <sys/mman.h>

namespace yard::keeper {

uint32_t PidIndex::locate(int32_t pid) const {
    uint32_t at = home(pid);
    while (entries_[at].pid != 0 && entries_[at].pid != pid) at = after(at);
    return at;
}

void PidIndex::insert(int32_t pid, uint32_t slot) {
    uint32_t at = locate(pid);
    if (entries_[at].pid == 0 && 4 * ++used_ > size_ && size_ < kMaxSize) {
        grow();
        at = locate(pid);
    }
    entries_[at] = {pid, slot};
}

void PidIndex::grow() {
    Entry* const old = entries_;
    const uint32_t old_size = size_;
    entries_ += old_size;
    size_ *= 2;
    for (const Entry* entry = old; entry != old + old_size; ++entry)
        if (entry->pid != 0) entries_[locate(entry->pid)] = *entry;
    madvise(old, old_size * sizeof(Entry), MADV_DONTNEED);
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
    --used_;
    // Whoever was pushed past the hole must be found again: move it in if the hole lies between its home and it.
    for (uint32_t at = after(hole); entries_[at].pid != 0; at = after(at)) {
        const uint32_t from_home = (at - home(entries_[at].pid)) & (size_ - 1);
        const uint32_t from_hole = (at - hole) & (size_ - 1);
        if (from_home < from_hole) continue;
        entries_[hole] = entries_[at];
        entries_[at].pid = 0;
        hole = at;
    }
}

}  // namespace yard::keeper
