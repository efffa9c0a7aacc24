// The time index of a raw log: a sidecar file with (offset, time of day) pairs, so that lines without a
// timestamp of their own can be found by time. Bytes from `offset` up to the next entry were written at
// `time` or shortly after.
//
// An entry with time 0 says that from there on lines carry their own timestamps (the format was changed).
// A lost or missing index costs precision, nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace yard::engine::logs {

struct TimeIndexEntry {
    uint64_t offset;
    int64_t time_ns;
};
static_assert(sizeof(TimeIndexEntry) == 16);

class TimeIndexWriter {
  public:
    static constexpr auto kSpacing = std::chrono::milliseconds(100);

    // Writes to the sidecar at `path` from now on.
    explicit TimeIndexWriter(std::string path) : path_(std::move(path)) {}
    // What is written to the log next begins at `offset`.
    void note(uint64_t offset, WallTime now);
    // From `offset` on lines have their own timestamps. Nothing to do where there is no sidecar.
    void end(uint64_t offset);

  private:
    void append(TimeIndexEntry entry);

    std::string path_;
    UniqueFd file_;
    std::optional<WallTime> last_;
};

class TimeIndex {
  public:
    TimeIndex() = default;
    // `file` may be invalid: an empty index.
    explicit TimeIndex(UniqueFd file) : file_(std::move(file)) { refresh(); }

    // Reads the entries that were added since.
    void refresh();
    // Is there an entry behind `offset`, so that time_at(offset) will not change any more?
    bool reaches(uint64_t offset) const { return !entries_.empty() && entries_.back().offset > offset; }
    // When the byte at `offset` was written. Nothing where lines carry their own time, or when it is not
    // known.
    std::optional<WallTime> time_at(uint64_t offset) const;

  private:
    UniqueFd file_;
    std::vector<TimeIndexEntry> entries_;
};

}  // namespace yard::engine::logs
