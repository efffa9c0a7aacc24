#include "engine/logs/spool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "engine/logs/position.h"

namespace yard::engine::logs {
namespace {

// A rest of at most half of parsed is moved, so parsed stays below twice the capacity: it all fits into the
// window.
constexpr uint64_t kRewindFrom = 256 << 10;
constexpr size_t kWindow = 4 * Spool::kCapacity;

bool write_at(int fd, std::string_view text, uint64_t offset) {
    return pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(text.size());
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::create(const std::string& name) {
    UniqueFd fd(memfd_create(name.c_str(), MFD_CLOEXEC));
    if (!fd) return fail(system_error("memfd_create", name));
    return adopt(std::move(fd), 0);
}

Result<std::unique_ptr<Spool>> Spool::adopt(UniqueFd fd, uint64_t recorded_parsed) {
    const off_t end = lseek(fd.get(), 0, SEEK_CUR);
    if (end < 0) return fail(system_error("lseek", "spool"));
    if (static_cast<uint64_t>(end) > kWindow) return fail("spool is larger than it can be: not one of ours");
    void* memory = mmap(nullptr, kWindow, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) return fail(system_error("mmap", "spool"));
    const auto size = static_cast<uint64_t>(end);
    const uint64_t parsed = recorded_parsed <= size ? recorded_parsed : 0;
    return std::unique_ptr<Spool>(new Spool(std::move(fd), static_cast<const char*>(memory), parsed, size));
}

Spool::~Spool() {
    munmap(const_cast<char*>(memory_), kWindow);
}

size_t Spool::room() const {
    const size_t used = unparsed().size();
    return used < kCapacity ? kCapacity - used : 0;
}

Result<size_t> Spool::take_from(int fifo, size_t limit) {
    const size_t size = std::min(limit, room());
    if (size == 0) return size_t{0};
    const ssize_t moved = splice(fifo, nullptr, fd(), nullptr, size, SPLICE_F_NONBLOCK);
    if (moved < 0) {
        if (errno == EAGAIN || errno == EINTR) return size_t{0};
        return fail(system_error("splice", "spool"));
    }
    end_ += static_cast<uint64_t>(moved);
    return static_cast<size_t>(moved);
}

Status Spool::append(std::string_view text) {
    const ssize_t written = write(fd(), text.data(), text.size());
    if (written < 0) return fail(system_error("write", "spool"));
    end_ += static_cast<uint64_t>(written);
    return Ok();
}

Status Spool::overwrite_end_of(size_t size, std::string_view text) {
    if (!write_at(fd(), text, parsed_ + size - text.size())) return fail(system_error("write", "spool"));
    return Ok();
}

bool Spool::rewind(LogPositionCell& cell) {
    const std::string_view rest = unparsed();
    if (rest.size() >= parsed_) return false;
    if (!rest.empty() && !write_at(fd(), rest, 0)) return false;
    if (lseek(fd(), static_cast<off_t>(rest.size()), SEEK_SET) < 0) return false;
    LogPosition position = load_position(cell);
    position.spool_parsed = 0;
    store_position(cell, position);
    end_ = rest.size();
    parsed_ = 0;
    return true;
}

void Spool::rewind_if_worthwhile(LogPositionCell& cell) {
    if (parsed_ >= kRewindFrom && unparsed().size() <= parsed_ / 2) rewind(cell);
}

void Spool::release(LogPositionCell& cell) {
    // A failure leaves memory in use, nothing else.
    if (rewind(cell) && ftruncate(fd(), static_cast<off_t>(end_)) != 0) return;
}

}  // namespace yard::engine::logs
