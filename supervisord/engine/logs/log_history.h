// LogHistory: the lines of one service's log with their times, over all of its files, in both directions. It
// stands between two lines and moves over one at a time.
//
// Files may be rotated and compressed meanwhile: a file that is being read stays open, and the next one is
// found by its generation. At the end of the live file a reader waits there and goes on when there is more.
//
// Thread safety: none; the files are read while the log thread writes them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "engine/logs/line_file.h"
#include "engine/logs/log_chain.h"
#include "engine/logs/time_index.h"

namespace yard::engine::logs {

struct LogLine {
    WallTime time;
    std::string text;
    LogPlace begin;
};

class LogHistory {
  public:
    // Stands at the beginning of what there is. `raw`: half lines at the end of the log are lines.
    LogHistory(std::shared_ptr<LogChain> chain, bool raw);

    const LogPlace& place() const { return place_; }
    void go_to(const LogPlace& place) { place_ = place; }
    // Where there is nothing more at present.
    LogPlace end() const { return chain_->end(); }
    // To the first line that is not older than `time`, as far as times rise.
    void go_to_time(WallTime time);
    // next() has nothing from here on, and counts a half line there.
    void end_at(const LogPlace& place) { end_ = place; }

    // The line behind the present place, or before it. Nothing at either end; then the place stays.
    std::optional<LogLine> next();
    std::optional<LogLine> previous();

  private:
    bool open(Generation generation);
    bool step_back();
    LogLine decode(const LineFile::Line& line);
    std::optional<WallTime> time_of_line_behind(uint64_t offset);
    bool written_before(Generation generation, WallTime time);

    std::shared_ptr<LogChain> chain_;
    bool raw_;
    LogPlace place_;
    std::optional<LogPlace> end_;

    std::optional<Generation> open_;  // what file_ and index_ are of
    LineFile file_;
    TimeIndex index_;
    WallTime last_time_;  // for lines that nothing tells the time of
};

}  // namespace yard::engine::logs
