#include "engine/ready/ready_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace yard::engine {
namespace {

// For reading and writing: without a writer a FIFO is always at its end, and every turn of the loop would see
// it.
Result<UniqueFd> open_fifo(const std::string& path) {
    UniqueFd fifo(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (!fifo) return fail(system_error("open", path));
    return fifo;
}

// What waits in the FIFO, as read(2) gives it, but it stays there.
ssize_t peek(int fifo, char* bytes, size_t size) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    const UniqueFd out(ends[0]), in(ends[1]);
    if (tee(fifo, in.get(), size, SPLICE_F_NONBLOCK) <= 0) return -1;
    return read(out.get(), bytes, size);
}

}  // namespace

Result<UniqueFd> make_ready_fifo(const std::string& path, uid_t owner) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail(system_error("unlink", path));
    if (mkfifo(path.c_str(), 0600) != 0) return fail(system_error("mkfifo", path));
    if (owner != geteuid() && lchown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0) {
        return fail(system_error("chown", path));
    }
    return open_fifo(path);
}

FifoProbe::FifoProbe(UniqueFd fifo, int fd, std::function<void()> on_ready)
    : fifo_(std::move(fifo)), service_fd_(fd), on_ready_(std::move(on_ready)) {}

Result<std::unique_ptr<FifoProbe>> FifoProbe::create(uv_loop_s* loop, const std::string& path, int fd,
                                                     std::function<void()> on_ready) {
    auto fifo = open_fifo(path);
    if (!fifo) return fail(std::move(fifo).error());
    std::unique_ptr<FifoProbe> probe(new FifoProbe(std::move(*fifo), fd, std::move(on_ready)));
    auto watch = FdWatch::create(loop, probe->fifo_.get(), FdWatch::reading,
                                 [raw = probe.get()](unsigned) { raw->on_readable(); });
    if (!watch) return fail(std::move(watch).error().context(path));
    probe->watch_ = std::move(*watch);
    return probe;
}

std::string FifoProbe::last_failure() const {
    return "fd " + std::to_string(service_fd_) + ": no newline was written";
}

void FifoProbe::on_readable() {
    char bytes[512];
    // The newline stays: an engine that is killed before it has stored the news leaves it to the next one.
    ssize_t size = peek(fifo_.get(), bytes, sizeof bytes);
    const bool waits = size > 0;
    if (!waits) size = read(fifo_.get(), bytes, sizeof bytes);
    if (size <= 0) return;
    const std::string_view text(bytes, static_cast<size_t>(size));
    if (text.find('\n') == std::string_view::npos) {
        if (waits) static_cast<void>(!read(fifo_.get(), bytes, text.size()));
        return;
    }
    watch_.reset();
    fifo_.reset();
    const auto on_ready = std::exchange(on_ready_, nullptr);
    on_ready();
}

}  // namespace yard::engine
