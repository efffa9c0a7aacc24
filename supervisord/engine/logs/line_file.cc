#include "engine/logs/line_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace yard::engine::logs {
namespace {

constexpr uint64_t kFirstRead = 4096;
constexpr uint64_t kUsualRead = 64 << 10;

}  // namespace

uint64_t LineFile::size() const {
    struct stat info {};
    return fstat(file_.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

std::string_view LineFile::load(uint64_t begin, uint64_t end) {
    if (begin < window_begin_ || end > window_begin_ + window_.size()) {
        window_.resize(end - begin);
        const ssize_t got = pread(file_.get(), window_.data(), window_.size(), static_cast<off_t>(begin));
        window_.resize(got > 0 ? static_cast<size_t>(got) : 0);
        window_begin_ = begin;
    }
    const uint64_t skipped = begin - window_begin_;
    return std::string_view(window_).substr(skipped, end - begin);
}

std::optional<LineFile::Line> LineFile::at(uint64_t offset) {
    // What is in the window already may be enough; else read more and more.
    const bool inside = offset >= window_begin_ && offset < window_begin_ + window_.size();
    uint64_t reach = inside ? window_begin_ + window_.size() - offset : kFirstRead;
    while (true) {
        const std::string_view text = load(offset, offset + reach);
        const size_t newline = text.find('\n');
        if (newline != std::string_view::npos) {
            return Line{offset, offset + newline + 1, true, text.substr(0, newline)};
        }
        if (text.size() >= kLongestLine)
            return Line{offset, offset + kLongestLine, true, text.substr(0, kLongestLine)};
        if (text.size() < reach) {
            if (text.empty()) return std::nullopt;
            return Line{offset, offset + text.size(), false, text};
        }
        reach = std::min<uint64_t>(std::max(reach * 4, kUsualRead), kLongestLine);
    }
}

std::optional<LineFile::Line> LineFile::before(uint64_t offset) {
    if (offset == 0) return std::nullopt;
    const bool inside = offset > window_begin_ && offset <= window_begin_ + window_.size();
    uint64_t reach = inside ? offset - window_begin_ : std::min(kFirstRead, offset);
    while (true) {
        std::string_view text = load(offset - reach, offset);
        if (text.size() < reach) return std::nullopt;  // the file was cut meanwhile
        const bool complete = text.back() == '\n';
        if (complete) text.remove_suffix(1);
        const size_t newline = text.rfind('\n');
        if (newline != std::string_view::npos || reach == offset || reach >= kLongestLine) {
            const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
            const bool part = newline == std::string_view::npos && reach != offset;
            return Line{offset - reach + begin, offset, complete || part, text.substr(begin)};
        }
        reach = std::min({std::max(reach * 4, kUsualRead), kLongestLine + 1, offset});
    }
}

}  // namespace yard::engine::logs
