#include "engine/logs/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace yard::engine::logs {
namespace {

// Birth where the file system knows it, else the last change.
WallTime time_of_birth(int fd) {
    struct statx info {};
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &info) != 0) return WallTime{};
    const statx_timestamp& at = (info.stx_mask & STATX_BTIME) != 0 ? info.stx_btime : info.stx_mtime;
    return WallTime(std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec));
}

bool ends_within_line(int fd, uint64_t size) {
    char last = '\n';
    return size > 0 && pread(fd, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
}

bool cut_file(int fd, uint64_t size) {
    return ftruncate(fd, static_cast<off_t>(size)) == 0;
}

}  // namespace

OutputFile::OutputFile(std::shared_ptr<LogChain> chain, const conf::LogPolicy& policy)
    : chain_(std::move(chain)), policy_(policy), index_(LogNames(chain_->path()).index(0)) {}

Status OutputFile::take(UniqueFd fd) {
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return fail(system_error("fstat", chain_->path()));
    fd_ = std::move(fd);
    inode_ = info.st_ino;
    size_ = static_cast<uint64_t>(info.st_size);
    mid_line_ = ends_within_line(fd_.get(), size_);
    born_ = time_of_birth(fd_.get());
    index_ = TimeIndexWriter(LogNames(chain_->path()).index(0));
    if (policy_.format != conf::LogPolicy::Format::raw) index_.end(size_);
    return Ok();
}

Status OutputFile::open(const std::optional<LogPosition>& recorded) {
    auto fd = chain_->open_live();
    if (!fd) return fail(std::move(fd).error());
    struct stat info {};
    if (fstat(fd->get(), &info) != 0) return fail(system_error("fstat", chain_->path()));
    if (recorded && recorded->output_file == info.st_ino) {
        const bool longer = recorded->output_offset < static_cast<uint64_t>(info.st_size);
        if (longer && !cut_file(fd->get(), recorded->output_offset))
            return fail(system_error("ftruncate", chain_->path()));
    } else if (recorded) {  // renamed by others in the middle of a batch?
        if (Status cut = chain_->cut_previous(recorded->output_file, recorded->output_offset); !cut)
            return cut;
    }
    if (fd_ && inode_ != info.st_ino) chain_->note_replaced_live();
    return take(std::move(fd).value());
}

uint64_t OutputFile::room() const {
    if (policy_.max_size == 0) return std::numeric_limits<uint64_t>::max();
    return policy_.max_size > size_ ? policy_.max_size - size_ : 0;
}

bool OutputFile::too_old(WallTime now) const {
    return policy_.max_age.count() > 0 && size_ > 0 && now - born_ >= policy_.max_age;
}

Status OutputFile::append(std::string_view bytes, bool mid_line, WallTime now) {
    // Somebody may have emptied the file (logrotate's copytruncate): then it goes on at its new end, without
    // a hole.
    struct stat info {};
    if (fstat(fd_.get(), &info) == 0) size_ = std::min(size_, static_cast<uint64_t>(info.st_size));
    born_ = std::min(born_, now);  // the clock may have been set back
    if (policy_.format == conf::LogPolicy::Format::raw) index_.note(size_, now);
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t written =
            pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
        if (written <= 0) {
            Error error = system_error("write", chain_->path());
            // Best effort: the next attempt writes over what is left.
            [[maybe_unused]] const bool cut = cut_file(fd_.get(), size_);
            return fail(std::move(error));
        }
        done += static_cast<size_t>(written);
    }
    size_ += bytes.size();
    mid_line_ = mid_line;
    return Ok();
}

Status OutputFile::rotate() {
    auto fresh = chain_->rotate();
    if (!fresh) return fail(std::move(fresh).error());
    return take(std::move(fresh).value());
}

}  // namespace yard::engine::logs
