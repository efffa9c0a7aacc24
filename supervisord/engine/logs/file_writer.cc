#include "engine/logs/file_writer.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "engine/logs/spool.h"

namespace yard::engine::logs {
namespace {

constexpr auto kRotationRetry = std::chrono::seconds(30);
constexpr size_t kFormattedKept = 1 << 20;

}  // namespace

FileWriter::FileWriter(const std::string& service, const conf::LogPolicy& policy,
                       std::shared_ptr<LogChain> chain)
    : policy_(policy), file_(std::move(chain), policy), format_(policy.format, service) {}

uint64_t FileWriter::room() const {
    return rotation_failed_ ? std::numeric_limits<uint64_t>::max() : file_.room();
}

bool FileWriter::rotation_due(WallTime now) {
    if (rotation_failed_ && std::chrono::abs(now - *rotation_failed_) >= kRotationRetry)
        rotation_failed_.reset();
    return !rotation_failed_ && !file_.ends_mid_line() && file_.too_old(now);
}

bool FileWriter::overlong() const {
    return file_.ends_mid_line() && room() == 0 && file_.size() >= policy_.max_size + Spool::kCapacity;
}

Status FileWriter::end_line(WallTime now) {
    if (raw()) return Ok();
    std::string end;
    format_.end_line(end);
    return file_.append(end, false, now);
}

Result<size_t> FileWriter::write(std::string_view portion, bool complete_last, WallTime now) {
    if (raw()) return write_raw(portion, now);
    formatted_.clear();
    format_.set_time(now);
    const bool force_one = file_.size() == 0 || file_.ends_mid_line();
    const FormattedLines lines =
        format_lines(format_, portion, file_.ends_mid_line(), complete_last, room(), force_one, formatted_);
    if (formatted_.empty()) return lines.taken;
    Status written = file_.append(formatted_, lines.mid_line, now);
    if (formatted_.capacity() > kFormattedKept) formatted_ = std::string();
    if (!written) return fail(std::move(written).error());
    return lines.taken;
}

Result<size_t> FileWriter::write_raw(std::string_view portion, WallTime now) {
    portion = portion.substr(0, raw_size_that_fits(portion));
    if (portion.empty()) return size_t{0};
    if (Status written = file_.append(portion, portion.back() != '\n', now); !written) {
        return fail(std::move(written).error());
    }
    return portion.size();
}

size_t FileWriter::raw_size_that_fits(std::string_view portion) const {
    const uint64_t space = room();
    if (portion.size() <= space) return portion.size();
    const size_t last = space > 0 ? portion.rfind('\n', space - 1) : std::string_view::npos;
    if (last != std::string_view::npos) return last + 1;
    if (file_.size() > 0 && !file_.ends_mid_line()) return 0;
    return std::min(portion.find('\n'), portion.size() - 1) + 1;
}

void FileWriter::rotate(WallTime now) {
    Status rotated = file_.rotate();
    if (rotated) {
        ++rotations_;
        return;
    }
    rotation_failed_ = now;
    rotation_problem_ = std::move(rotated).error().message;
}

}  // namespace yard::engine::logs
