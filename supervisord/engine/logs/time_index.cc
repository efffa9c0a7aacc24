#include "engine/logs/time_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace yard::engine::logs {

void TimeIndexWriter::note(uint64_t offset, WallTime now) {
    if (last_ && std::chrono::abs(now - *last_) < kSpacing) return;
    if (!file_) file_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    append({offset, now.time_since_epoch().count()});
    last_ = now;
}

void TimeIndexWriter::end(uint64_t offset) {
    file_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (file_) append({offset, 0});
}

void TimeIndexWriter::append(TimeIndexEntry entry) {
    // An entry that cannot be written (disk full) is a coarser index.
    [[maybe_unused]] const ssize_t written = write(file_.get(), &entry, sizeof entry);
}

void TimeIndex::refresh() {
    if (!file_) return;
    TimeIndexEntry chunk[256];
    while (true) {
        const auto offset = static_cast<off_t>(entries_.size() * sizeof(TimeIndexEntry));
        const ssize_t got = pread(file_.get(), chunk, sizeof chunk, offset);
        const size_t count = got > 0 ? static_cast<size_t>(got) / sizeof(TimeIndexEntry) : 0;
        if (count == 0) return;
        entries_.insert(entries_.end(), chunk, chunk + count);
    }
}

std::optional<WallTime> TimeIndex::time_at(uint64_t offset) const {
    const auto after =
        std::upper_bound(entries_.begin(), entries_.end(), offset,
                         [](uint64_t at, const TimeIndexEntry& entry) { return at < entry.offset; });
    if (after == entries_.begin() || (after - 1)->time_ns == 0) return std::nullopt;
    return WallTime(Duration((after - 1)->time_ns));
}

}  // namespace yard::engine::logs
