// LogMerge: the lines of several services in the order of their times: what a query does, without its pacing.
//
// Thread safety: none; one batch at a time, from any thread.
#pragma once

#include <atomic>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "engine/log_router.h"
#include "engine/logs/line_filter.h"
#include "engine/logs/log_history.h"

namespace yard::engine::logs {

struct LogSource {
    std::string service;
    LogHistory history;
};

class LogMerge {
  public:
    static constexpr size_t kBatchLines = 1000;
    static constexpr size_t kBatchBytes = 256 << 10;
    static constexpr size_t kScanned = 200'000;  // lines looked at for one batch

    // What is on file now is history.
    LogMerge(std::vector<LogSource> sources, LineFilter filter, const LogQuery& query);

    struct Batch {
        std::vector<LogLineRecord> lines;
        bool more = false;  // there is more at once; else only when somebody writes
    };
    // The next lines. `cancelled` ends it early.
    Batch next_batch(const std::atomic<bool>& cancelled);

  private:
    struct Head {
        size_t source;
        LogLine line;
    };
    struct Later {
        bool operator()(const Head& a, const Head& b) const { return a.line.time > b.line.time; }
    };
    struct Earlier {
        bool operator()(const Head& a, const Head& b) const { return a.line.time < b.line.time; }
    };
    enum class Found { line, end, tired };  // tired: looked at enough for one batch

    void find_start(const std::atomic<bool>& cancelled);
    void go_back(const std::atomic<bool>& cancelled);
    std::optional<LogLine> match_before(LogHistory& history, const std::atomic<bool>& cancelled);
    Found match_behind(LogHistory& history, LogLine& line, const std::atomic<bool>& cancelled);
    bool fill_heads(const std::atomic<bool>& cancelled);

    std::vector<LogSource> sources_;
    std::vector<LogPlace> ends_;  // of the history, by source
    LineFilter filter_;
    std::optional<size_t> last_lines_;
    std::optional<WallTime> since_;
    bool follow_;
    bool started_ = false;
    size_t scanned_ = 0;
    std::priority_queue<Head, std::vector<Head>, Later> heads_;  // the next line of each source that has one
    std::vector<size_t> to_fill_;                                // sources to ask for one
    std::vector<size_t> dry_;                                    // sources that had none in this batch
};

}  // namespace yard::engine::logs
