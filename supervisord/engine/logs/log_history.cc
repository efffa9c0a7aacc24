#include "engine/logs/log_history.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "engine/logs/compression.h"
#include "engine/logs/stamped_line.h"

namespace yard::engine::logs {
namespace {

WallTime time_of_change(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return WallTime{};
    return WallTime(std::chrono::seconds(info.st_mtim.tv_sec) + Duration(info.st_mtim.tv_nsec));
}

// A readable copy without a name, on disk beside the log: memory is for other things.
UniqueFd decompressed_copy(const LogChain& chain, int file, Compression compression) {
    const std::string folder = std::filesystem::path(chain.path()).parent_path();
    UniqueFd copy(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (copy && !decompress_file(file, copy.get(), compression)) copy.reset();
    return copy;
}

}  // namespace

LogHistory::LogHistory(std::shared_ptr<LogChain> chain, bool raw)
    : chain_(std::move(chain)), raw_(raw), place_{chain_->oldest(), 0} {}

bool LogHistory::open(Generation generation) {
    if (open_ == generation) return true;
    LogChain::Opened opened = chain_->open(generation);
    if (!opened.file) return false;
    last_time_ = time_of_change(opened.file.get());
    const bool plain = opened.compression == Compression::none;
    UniqueFd file =
        plain ? std::move(opened.file) : decompressed_copy(*chain_, opened.file.get(), opened.compression);
    if (!file) return false;
    file_ = LineFile(std::move(file));
    index_ = TimeIndex(std::move(opened.index));
    // An empty file is opened again at the next look: its index comes with its first byte.
    if (file_.size() > 0) open_ = generation;
    return true;
}

std::optional<LogLine> LogHistory::next() {
    while (!end_ || place_ < *end_) {
        // Asked before reading: only of a file that was not the newest then is its end the last word.
        const bool final = place_.generation < chain_->newest();
        if (open(place_.generation)) {
            if (const auto line = file_.at(place_.offset)) {
                const bool ended = final || (raw_ && end_);
                if (!line->complete && !ended) return std::nullopt;
                place_.offset = line->end;
                return decode(*line);
            }
            if (file_.size() < place_.offset) {  // emptied by others: it begins anew
                open_.reset();
                place_.offset = 0;
                continue;
            }
        }
        if (!final) return std::nullopt;
        place_ = {std::max(place_.generation + 1, chain_->oldest()), 0};
    }
    return std::nullopt;
}

std::optional<LogLine> LogHistory::previous() {
    while (true) {
        if (open(place_.generation)) {
            if (const auto line = file_.before(place_.offset)) {
                const bool half_of_batch = !line->complete && !raw_ && place_.generation == chain_->newest();
                place_.offset = line->begin;
                if (half_of_batch) continue;
                return decode(*line);
            }
        }
        if (!step_back()) return std::nullopt;
    }
}

bool LogHistory::step_back() {
    const Generation before = place_.generation - 1;
    if (before < chain_->oldest() || !open(before)) return false;
    place_ = {before, file_.size()};
    return true;
}

LogLine LogHistory::decode(const LineFile::Line& line) {
    LogLine decoded{last_time_, {}, {place_.generation, line.begin}};
    if (!index_.reaches(line.begin)) index_.refresh();
    if (const auto time = index_.time_at(line.begin)) {
        decoded.time = *time;
        decoded.text = line.text;
    } else if (auto stamped = raw_ ? std::nullopt : parse_stamped(line.text)) {
        decoded.time = stamped->time;
        decoded.text = std::move(stamped->text);
    } else {
        decoded.text = line.text;
    }
    last_time_ = decoded.time;
    return decoded;
}

bool LogHistory::written_before(Generation generation, WallTime time) {
    const LogChain::Opened opened = chain_->open(generation);
    return opened.file && time_of_change(opened.file.get()) < time;
}

// Of the first whole line behind `offset`.
std::optional<WallTime> LogHistory::time_of_line_behind(uint64_t offset) {
    const auto partial =
        offset == 0 ? LineFile::Line{0, 0, true, {}} : file_.at(offset - 1).value_or(LineFile::Line{});
    const auto line = file_.at(partial.end);
    if (!line) return std::nullopt;
    return decode(*line).time;
}

void LogHistory::go_to_time(WallTime time) {
    Generation generation = chain_->newest();
    const Generation oldest = chain_->oldest();
    while (generation > oldest && !written_before(generation - 1, time)) --generation;
    place_ = {generation, 0};
    if (!open(generation)) return;
    uint64_t low = 0, high = file_.size();  // the line sought begins in [low, high]
    while (high - low > 4096) {
        const uint64_t middle = low + (high - low) / 2;
        const auto found = time_of_line_behind(middle);
        if (found && *found < time) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // The rest line by line; the caller drops the few that are too old.
    if (low > 0) place_.offset = file_.at(low - 1).value_or(LineFile::Line{}).end;
}

}  // namespace yard::engine::logs
