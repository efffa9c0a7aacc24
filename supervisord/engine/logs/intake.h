// Intake: the FIFO's side of one service's log. It decides how much to take into the spool and how long to
// let more gather, and what to do with output for which there is no room.
//
// Thread safety: none; lives in the log thread.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "conf/config.h"
#include "engine/logs/lost_bytes.h"
#include "engine/logs/shared_counters.h"
#include "engine/logs/spool.h"

namespace yard::engine::logs {

// How long to leave a FIFO alone between two looks. A look costs the same for one line as for a thousand, and
// a reader that is always there makes its writer wait for it: so a steady writer gets the time to fill half
// of the pipe, but is never kept waiting at a full one, and no line waits longer than kLongest.
class Pace {
  public:
    static constexpr Duration kShortest = std::chrono::microseconds(50);
    static constexpr Duration kLongest = std::chrono::milliseconds(1);

    explicit Pace(size_t pipe_size) : pipe_size_(pipe_size), target_(pipe_size / 2) {}

    // After `got` > 0 bytes were taken at `now`; `was_full`: the writer could not have written more. Zero:
    // look again at once.
    Duration pause_after(size_t got, bool was_full, BootTime now);

  private:
    size_t pipe_size_;
    size_t target_;  // bytes to let gather; smaller than half a pipe where small writes waste its pages
    BootTime last_;
};

class Intake {
  public:
    static constexpr size_t kTurn = 256 << 10;  // bytes taken in one turn

    Intake(UniqueFd fifo, conf::LogPolicy::WhenFull when_full, SharedCounters& counters);

    int fifo() const { return fifo_.get(); }
    // Bytes taken (or dropped) in all, and those that wait in the FIFO.
    uint64_t bytes_in() const { return bytes_in_; }
    size_t waiting() const;

    // Takes what is there into the spool, for one turn and at most `limit` bytes. `stuck`: the log does not
    // move, so a spool without room means that the policy decides.
    Result<size_t> take(Spool& spool, uint64_t limit, bool stuck);
    // Could take() do anything now?
    bool can_take(const Spool& spool, bool stuck) const;
    // Is output being left out at present (drop_newest)? Its marker comes when there is room again.
    bool dropping() const { return lost_.any(); }
    Duration pause_after(size_t got, BootTime now) { return pace_.pause_after(got, was_full_, now); }

  private:
    Result<size_t> drop_newest(uint64_t limit);
    Status end_dropping(Spool& spool);
    void count(size_t size);

    UniqueFd fifo_;
    conf::LogPolicy::WhenFull when_full_;
    SharedCounters& counters_;
    Pace pace_;
    bool was_full_ = false;
    uint64_t bytes_in_ = 0;
    LostBytes lost_;
    bool cut_line_ = false;  // what was lost begins within a line
};

}  // namespace yard::engine::logs
