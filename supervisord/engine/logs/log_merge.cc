#include "engine/logs/log_merge.h"

namespace yard::engine::logs {

LogMerge::LogMerge(std::vector<LogSource> sources, LineFilter filter, const LogQuery& query)
    : sources_(std::move(sources)),
      filter_(std::move(filter)),
      last_lines_(query.lines),
      since_(query.since),
      follow_(query.follow) {
    for (LogSource& source : sources_) {
        ends_.push_back(source.history.end());
        if (!follow_) source.history.end_at(ends_.back());
    }
}

LogMerge::Batch LogMerge::next_batch(const std::atomic<bool>& cancelled) {
    if (!started_) find_start(cancelled);
    started_ = true;
    to_fill_.insert(to_fill_.end(), dry_.begin(), dry_.end());
    dry_.clear();
    scanned_ = 0;
    Batch batch;
    size_t bytes = 0;
    while (batch.lines.size() < kBatchLines && bytes < kBatchBytes) {
        if (!fill_heads(cancelled)) break;
        if (heads_.empty()) return batch;
        const Head& head = heads_.top();
        bytes += head.line.text.size();
        batch.lines.push_back({sources_[head.source].service, head.line.time, head.line.text});
        to_fill_.push_back(head.source);
        heads_.pop();
    }
    batch.more = true;
    return batch;
}

// False when this was enough for one batch: lines may come that belong before the present heads.
bool LogMerge::fill_heads(const std::atomic<bool>& cancelled) {
    while (!to_fill_.empty()) {
        const size_t source = to_fill_.back();
        LogLine line;
        const Found found = match_behind(sources_[source].history, line, cancelled);
        if (found == Found::tired) return false;
        to_fill_.pop_back();
        if (found == Found::line) {
            heads_.push({source, std::move(line)});
        } else {
            dry_.push_back(source);
        }
    }
    return true;
}

LogMerge::Found LogMerge::match_behind(LogHistory& history, LogLine& line,
                                       const std::atomic<bool>& cancelled) {
    while (scanned_ < kScanned && !cancelled) {
        auto next = history.next();
        if (!next) return Found::end;
        ++scanned_;
        if ((since_ && next->time < *since_) || !filter_.matches(next->text)) continue;
        line = std::move(*next);
        return Found::line;
    }
    return Found::tired;
}

void LogMerge::find_start(const std::atomic<bool>& cancelled) {
    for (size_t i = 0; i < sources_.size(); ++i) {
        to_fill_.push_back(i);
        if (since_ && !last_lines_) sources_[i].history.go_to_time(*since_);
    }
    if (last_lines_) go_back(cancelled);
}

// Finds where the last lines of all begin, keeping none of them.
void LogMerge::go_back(const std::atomic<bool>& cancelled) {
    std::priority_queue<Head, std::vector<Head>, Earlier> heads;
    std::vector<LogPlace> starts = ends_;
    const auto push = [&](size_t source) {
        if (auto line = match_before(sources_[source].history, cancelled))
            heads.push({source, std::move(*line)});
    };
    for (size_t i = 0; i < sources_.size(); ++i) {
        sources_[i].history.go_to(ends_[i]);
        if (*last_lines_ > 0) push(i);
    }
    for (size_t wanted = *last_lines_; wanted > 0 && !heads.empty(); --wanted) {
        const size_t source = heads.top().source;
        starts[source] = heads.top().line.begin;
        heads.pop();
        push(source);
    }
    for (size_t i = 0; i < sources_.size(); ++i) sources_[i].history.go_to(starts[i]);
}

std::optional<LogLine> LogMerge::match_before(LogHistory& history, const std::atomic<bool>& cancelled) {
    while (!cancelled) {
        auto line = history.previous();
        if (!line || (since_ && line->time < *since_)) return std::nullopt;
        if (filter_.matches(line->text)) return line;
    }
    return std::nullopt;
}

}  // namespace yard::engine::logs
