#include "engine/logs/log_chain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

namespace yard::engine::logs {
namespace {

constexpr mode_t kLogMode = 0640;

Status rename_file(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) return fail(system_error("rename", from));
    return Ok();
}

UniqueFd open_for_reading(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

void LogChain::configure(uint32_t keep, Compression compression) {
    const std::lock_guard lock(mutex_);
    keep_ = keep;
    compression_ = compression;
}

bool LogChain::has_compression() const {
    const std::lock_guard lock(mutex_);
    return compression_ != Compression::none;
}

void LogChain::recover() {
    const std::lock_guard lock(mutex_);
    complete();
}

void LogChain::recover_when_used() {
    const std::lock_guard lock(mutex_);
    unsettled_ = true;
}

void LogChain::settle() const {
    if (std::exchange(unsettled_, false)) complete();
}

Status LogChain::check_folder() const {
    const std::filesystem::path folder = std::filesystem::path(path()).parent_path();
    if (access(folder.c_str(), W_OK | X_OK) == 0) return Ok();
    std::error_code ignored;  // access tells what is wrong
    std::filesystem::create_directories(folder, ignored);
    if (access(folder.c_str(), W_OK | X_OK) != 0) return fail(system_error("open", path()));
    return Ok();
}

Status LogChain::check_readable() const {
    const std::lock_guard lock(mutex_);
    if (open_for_reading(path()) || errno == ENOENT) return Ok();
    return fail(system_error("open", path()));
}

void LogChain::complete() const {
    unlink(names_.fresh().c_str());
    if (!compressing_) unlink(names_.scrap().c_str());
    // A rotation leaves one number free at most: at two there is nothing behind.
    for (uint32_t k = 0, absent = 0; k <= keep_ && absent < 2; ++k) {
        const auto found = names_.find(k);
        absent = found ? 0 : absent + 1;
        if (!found) continue;
        if (found->compression != Compression::none) unlink(names_.plain(k).c_str());
        const bool index_moved = !file_exists(names_.index(k)) && file_exists(names_.index(k + 1));
        // A failure is met again, and reported, by the next rotation.
        if (k < keep_ && index_moved && !names_.find(k + 1) && !move_up(k)) return;
    }
    for (uint32_t k = keep_ + 1; names_.find(k); ++k) remove_file(k);
}

Result<UniqueFd> LogChain::open_live() {
    const std::lock_guard lock(mutex_);
    settle();
    const auto open_it = [this] {
        return UniqueFd(::open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kLogMode));
    };
    UniqueFd fd = open_it();
    if (!fd && errno == ENOENT && check_folder()) fd = open_it();
    if (!fd) return fail(system_error("open", path()));
    return fd;
}

uint32_t LogChain::first_free() const {
    uint32_t k = 1;
    while (k <= keep_ && names_.find(k)) ++k;
    return k;
}

Status LogChain::move_up(uint32_t k) const {
    if (file_exists(names_.index(k))) {
        if (Status moved = rename_file(names_.index(k), names_.index(k + 1)); !moved) return moved;
    }
    const auto found = names_.find(k);
    if (!found) return Ok();
    const bool plain = found->compression == Compression::none;
    return rename_file(found->path,
                       plain ? names_.plain(k + 1) : names_.compressed(k + 1, found->compression));
}

void LogChain::remove_file(uint32_t k) const {
    while (const auto found = names_.find(k)) {
        if (unlink(found->path.c_str()) != 0) break;
    }
    unlink(names_.index(k).c_str());
}

Result<UniqueFd> LogChain::rotate() {
    const std::lock_guard lock(mutex_);
    // The new file is in hand before anything is moved: failing to make one costs nothing.
    UniqueFd fresh(::open(names_.fresh().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kLogMode));
    if (!fresh) return fail(system_error("open", names_.fresh()));
    uint32_t free = first_free();
    if (free > keep_) remove_file(free = keep_);
    for (uint32_t k = free; k-- > 0;) {
        if (Status moved = move_up(k); !moved) return fail(std::move(moved).error());
    }
    if (Status placed = rename_file(names_.fresh(), path()); !placed) return fail(std::move(placed).error());
    ++newest_;
    return fresh;
}

void LogChain::note_replaced_live() {
    const std::lock_guard lock(mutex_);
    ++newest_;
}

Generation LogChain::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

Generation LogChain::oldest() const {
    const std::lock_guard lock(mutex_);
    settle();
    return newest_ - (first_free() - 1);
}

LogPlace LogChain::end() const {
    const std::lock_guard lock(mutex_);
    settle();
    struct stat info {};
    const bool exists = stat(path().c_str(), &info) == 0;
    return {newest_, exists ? static_cast<uint64_t>(info.st_size) : 0};
}

LogChain::Opened LogChain::open(Generation generation) const {
    const std::lock_guard lock(mutex_);
    settle();
    Opened opened;
    if (generation > newest_ || newest_ - generation > keep_) return opened;
    const auto k = static_cast<uint32_t>(newest_ - generation);
    const auto found = names_.find(k);
    if (!found) return opened;
    opened.file = open_for_reading(found->path);
    opened.index = open_for_reading(names_.index(k));
    opened.compression = found->compression;
    return opened;
}

Status LogChain::cut_previous(uint64_t inode, uint64_t size) const {
    const std::lock_guard lock(mutex_);
    const std::string path = names_.plain(1);
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || info.st_ino != inode) return Ok();
    if (static_cast<uint64_t>(info.st_size) <= size) return Ok();
    if (truncate(path.c_str(), static_cast<off_t>(size)) != 0) return fail(system_error("truncate", path));
    return Ok();
}

std::optional<LogChain::CompressionJob> LogChain::take_compression_job() {
    const std::lock_guard lock(mutex_);
    if (compressing_ || compression_ == Compression::none) return std::nullopt;
    settle();
    for (uint32_t k = first_free(); k-- > 1;) {
        const auto found = names_.find(k);
        if (!found || found->compression != Compression::none) continue;
        UniqueFd source = open_for_reading(found->path);
        if (!source) continue;
        compressing_ = true;
        return CompressionJob{newest_ - k, compression_, std::move(source), names_.scrap()};
    }
    return std::nullopt;
}

Status LogChain::finish_compression_job(const CompressionJob& job, bool complete) {
    const std::lock_guard lock(mutex_);
    compressing_ = false;
    const Generation k = newest_ - job.generation;
    const auto number = static_cast<uint32_t>(k);
    if (!complete || k > keep_ || !file_exists(names_.plain(number))) {
        unlink(job.scrap_path.c_str());
        return Ok();
    }
    Status placed = rename_file(job.scrap_path, names_.compressed(number, job.compression));
    if (placed) unlink(names_.plain(number).c_str());
    return placed;
}

}  // namespace yard::engine::logs
