#include "engine/logs/outlet.h"

#include <algorithm>

#include "engine/logs/position.h"

namespace yard::engine::logs {
namespace {

constexpr size_t kPortion = 256 << 10;

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const size_t size = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, size));
        text.remove_prefix(std::min(size + 1, text.size()));
    }
    return lines;
}

}  // namespace

Outlet::Outlet(const std::string& service, const conf::LogPolicy& policy,
               const std::shared_ptr<LogChain>& chain, LogPositionCell& cell, SharedCounters& counters)
    : service_(service), policy_(policy), chain_(chain), cell_(cell), counters_(counters) {}

Status Outlet::open(const Spool* spool) {
    if (policy_.to_file) {
        auto file = std::make_unique<FileWriter>(service_, policy_, chain_);
        // Without its spool a record cannot be made good: what is in the file then stays.
        Status opened = file->open(spool ? std::optional(load_position(cell_)) : std::nullopt);
        if (!opened) return opened;
        file_ = std::move(file);
    }
    record(spool ? spool->parsed() : 0);
    return Ok();
}

Status Outlet::reopen(const Spool* spool) {
    if (!file_) return Ok();
    Status opened = file_->reopen();
    if (opened) record(spool ? spool->parsed() : 0);
    return opened;
}

void Outlet::record(uint64_t spool_parsed) {
    store_position(cell_, {spool_parsed, file_ ? file_->size() : 0, file_ ? file_->inode() : 0});
}

// As many whole lines as a portion takes, or one that is longer. A raw file alone takes bytes as they come.
size_t Outlet::portion_size(std::string_view unparsed, bool whole_lines) const {
    const std::string_view portion = unparsed.substr(0, kPortion);
    if (!whole_lines) return portion.size();
    size_t newline = portion.rfind('\n');
    if (newline == std::string_view::npos) newline = unparsed.find('\n', portion.size());
    return newline == std::string_view::npos ? 0 : newline + 1;
}

Outlet::Step Outlet::step(Spool& spool, bool ended, WallTime now, std::vector<std::string>* passed) {
    const bool prints = printer_ && !printer_->gone();
    const bool whole_lines = prints || passed != nullptr || policy_.format != LineFormat::Kind::raw;
    std::string_view portion = spool.unparsed();
    if (const size_t size = portion_size(portion, whole_lines); size > 0) {
        portion = portion.substr(0, size);
        ended = false;
    } else if (!ended && !spool.full()) {
        return Step::nothing;
    }
    const bool owed_end = ended && file_ && file_->owes_line_end();
    if (portion.empty() && !owed_end) return Step::nothing;
    if (prints && !portion.empty()) {
        const size_t printed = printer_->print(portion, now);
        if (printed == 0) return Step::waiting;
        portion = portion.substr(0, printed);
    }
    if (!file_) {
        commit(spool, portion.size(), passed);
        return Step::progressed;
    }
    if (const auto written = write(spool, portion, ended, now)) {
        if (!*written) {
            problem_ = written->error().message;
            return Step::failed;
        }
        commit(spool, **written, passed);
    }
    return Step::progressed;
}

std::optional<Result<size_t>> Outlet::write(const Spool& spool, std::string_view portion, bool ended,
                                            WallTime now) {
    if (file_->overlong()) {
        if (Status done = file_->end_line(now); !done) return Result<size_t>(fail(std::move(done).error()));
        record(spool.parsed());
        rotate(spool, now);
    } else if (file_->rotation_due(now)) {
        rotate(spool, now);
    }
    auto written = file_->write(portion, ended, now);
    if (written && *written == 0 && !portion.empty()) {
        rotate(spool, now);
        return std::nullopt;
    }
    return written;
}

void Outlet::rotate(const Spool& spool, WallTime now) {
    file_->rotate(now);
    // Before anything is written there: a record of another file would not cut this one.
    record(spool.parsed());
    if (const uint64_t rotations = file_->take_rotations(); rotations > 0) {
        counters_.rotations += rotations;
        rotated_ = true;
    }
    if (auto problem = file_->take_rotation_problem()) problem_ = std::move(problem);
}

void Outlet::commit(Spool& spool, size_t size, std::vector<std::string>* passed) {
    if (passed != nullptr) *passed = split_lines(spool.unparsed().substr(0, size));
    spool.advance(size);
    record(spool.parsed());
    if (printer_) printer_->forget_front(size);
    lost_ = LostBytes();
    marker_size_ = 0;
    spool.rewind_if_worthwhile(cell_);
}

Status Outlet::drop_oldest(Spool& spool) {
    const std::string_view unparsed = spool.unparsed();
    const size_t newline = unparsed.find('\n', Spool::kCapacity / 4);
    const size_t size = newline == std::string_view::npos ? unparsed.size() : newline + 1;
    const std::string_view lost = unparsed.substr(marker_size_, size - marker_size_);
    lost_.add(lost);
    counters_.dropped_bytes += lost.size();
    counters_.dropped_lines += LostBytes::lines_in(lost);
    const std::string marker = lost_.marker(file_ && file_->ends_mid_line());
    if (Status written = spool.overwrite_end_of(size, marker); !written) return written;
    spool.advance(size - marker.size());
    record(spool.parsed());
    if (printer_) printer_->forget_front(size - marker.size());
    marker_size_ = marker.size();
    spool.rewind_if_worthwhile(cell_);
    return Ok();
}

}  // namespace yard::engine::logs
