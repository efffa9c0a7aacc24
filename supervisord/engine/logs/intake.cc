#include "engine/logs/intake.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace yard::engine::logs {
namespace {

constexpr size_t kSmallest = 4096;
constexpr size_t kDefaultPipe = 64 << 10;

size_t pipe_size(int fifo) {
    const int size = fcntl(fifo, F_GETPIPE_SZ);
    return size > 0 ? static_cast<size_t>(size) : kDefaultPipe;
}

bool is_full(int fifo) {
    pollfd state{fifo, POLLOUT, 0};
    return poll(&state, 1, 0) == 0;
}

}  // namespace

Duration Pace::pause_after(size_t got, bool was_full, BootTime now) {
    const Duration elapsed = now - std::exchange(last_, now);
    if (was_full) {
        target_ = std::max(target_ / 2, kSmallest);
        return Duration::zero();
    }
    target_ = std::min(target_ + target_ / 16, pipe_size_ / 2);
    if (got >= pipe_size_ / 4 * 3) return Duration::zero();
    if (elapsed > kLongest * 100) return kLongest;  // and no overflow below
    return std::clamp(elapsed * static_cast<int64_t>(target_) / static_cast<int64_t>(got), kShortest,
                      kLongest);
}

Intake::Intake(UniqueFd fifo, conf::LogPolicy::WhenFull when_full, SharedCounters& counters)
    : fifo_(std::move(fifo)), when_full_(when_full), counters_(counters), pace_(pipe_size(fifo_.get())) {}

size_t Intake::waiting() const {
    int size = 0;
    return ioctl(fifo_.get(), FIONREAD, &size) == 0 ? static_cast<size_t>(size) : 0;
}

bool Intake::can_take(const Spool& spool, bool stuck) const {
    return !spool.full() || (stuck && when_full_ != conf::LogPolicy::WhenFull::block);
}

Result<size_t> Intake::take(Spool& spool, uint64_t limit, bool stuck) {
    was_full_ = is_full(fifo_.get());
    if (dropping() && (!stuck || spool.room() >= Spool::kCapacity / 2)) {
        if (Status ended = end_dropping(spool); !ended) return fail(std::move(ended).error());
    }
    const bool drops = when_full_ == conf::LogPolicy::WhenFull::drop_newest;
    if (drops && stuck && spool.full() && !dropping()) cut_line_ = spool.unparsed().back() != '\n';
    if (dropping() || (drops && stuck && spool.full())) return drop_newest(limit);
    size_t total = 0;
    // What came since the first look is taken too as long as it is much; the rest gathers.
    for (size_t got = kTurn; got >= kDefaultPipe / 4 && total < kTurn; total += got) {
        auto taken = spool.take_from(fifo_.get(), std::min<uint64_t>(limit - total, kTurn));
        if (!taken) return fail(std::move(taken).error());
        got = *taken;
        count(got);
    }
    return total;
}

Result<size_t> Intake::drop_newest(uint64_t limit) {
    char buffer[kDefaultPipe];
    const ssize_t got = read(fifo_.get(), buffer, std::min<uint64_t>(limit, sizeof buffer));
    if (got <= 0) return size_t{0};
    const std::string_view bytes(buffer, static_cast<size_t>(got));
    lost_.add(bytes);
    counters_.dropped_bytes += bytes.size();
    counters_.dropped_lines += LostBytes::lines_in(bytes);
    count(bytes.size());
    return bytes.size();
}

Status Intake::end_dropping(Spool& spool) {
    Status marked = spool.append(lost_.marker(cut_line_));
    if (marked) lost_ = LostBytes();
    return marked;
}

void Intake::count(size_t size) {
    bytes_in_ += size;
    counters_.bytes_in += size;
}

}  // namespace yard::engine::logs
