#include "ctl/log_cursor.h"

#include <algorithm>

#include "ctl/time_text.h"

namespace yard::ctl {
namespace {

constexpr std::chrono::seconds kMergeSlack{2};

}  // namespace

bool LogCursor::accept(const std::string& service, const std::string& time_text) {
    const std::optional<WallTime> time = parse_rfc3339(time_text);
    if (!time) return true;
    const auto [entry, is_new] = positions_.try_emplace(service);
    if (is_new) {
        if (resumed_ && *time < started_) {
            positions_.erase(entry);
            return false;
        }
        entry->second = {*time, 0, false, 0};
    }
    if (!accept_at(entry->second, *time)) return false;
    newest_ = std::max(newest_.value_or(*time), *time);
    return true;
}

bool LogCursor::accept_at(Position& position, WallTime time) {
    if (position.catching_up) {
        if (time < position.time) return false;
        if (time == position.time && position.again < position.seen) {
            ++position.again;
            return false;
        }
        position.catching_up = false;
    }
    position.seen = time == position.time ? position.seen + 1 : 1;
    position.time = time;
    return true;
}

void LogCursor::resume() {
    resumed_ = true;
    for (auto& [service, position] : positions_) {
        position.catching_up = true;
        position.again = 0;
    }
}

std::optional<WallTime> LogCursor::resume_from() const {
    if (!newest_) return std::nullopt;
    return *newest_ - kMergeSlack;
}

}  // namespace yard::ctl
