#include "engine/logs/stdout_sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace yard::engine::logs {

constexpr Duration kFullDiskRetry = std::chrono::seconds(1);

StdoutSink::StdoutSink(Reactor& reactor, int fd, std::function<void(const std::string&)> on_gone)
    : reactor_(reactor), fd_(fd), on_gone_(std::move(on_gone)) {
    struct stat info {};
    gone_ = fstat(fd, &info) != 0;
    socket_ = S_ISSOCK(info.st_mode);
    if (!S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode)) return;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    own_ = UniqueFd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    may_block_ = !own_;
    if (own_) fd_ = own_.get();
}

StdoutSink::~StdoutSink() {
    reactor_.forget_fd(fd_);
}

void StdoutSink::write(std::string lines, std::function<void()> done) {
    pending_ = std::move(lines);
    written_ = 0;
    done_ = std::move(done);
    turn(SystemClock().now());
}

void StdoutSink::turn(BootTime now) {
    while (written_ < pending_.size()) {
        const ssize_t size = write_some(std::string_view(pending_).substr(written_));
        if (size < 0) {
            gone_ = true;
            on_gone_(std::strerror(errno));
            break;
        }
        written_ += static_cast<size_t>(size);
        if (size > 0) continue;
        // A file cannot be waited for: its disk is full.
        if (!reactor_.arm(*this, fd_, EPOLLOUT)) reactor_.schedule_at(*this, now + kFullDiskRetry);
        return;
    }
    finish();
}

ssize_t StdoutSink::write_some(std::string_view bytes) {
    if (may_block_) {
        pollfd ready{fd_, POLLOUT, 0};
        if (poll(&ready, 1, 0) == 0) return 0;
        bytes = bytes.substr(0, PIPE_BUF);
    }
    const ssize_t size = socket_ ? send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : ::write(fd_, bytes.data(), bytes.size());
    const bool later = errno == EAGAIN || errno == EINTR || errno == ENOSPC || errno == EDQUOT;
    return size < 0 && later ? 0 : size;
}

void StdoutSink::finish() {
    pending_.clear();
    if (pending_.capacity() > (256 << 10)) pending_.shrink_to_fit();
    // Those who waited come first, else one with much to say would always be before them.
    for (Task* task : std::exchange(waiting_, {})) reactor_.schedule(*task);
    std::exchange(done_, nullptr)();
}

void StdoutSink::wait_for(Task& task) {
    if (std::find(waiting_.begin(), waiting_.end(), &task) == waiting_.end()) waiting_.push_back(&task);
}

void StdoutSink::forget(Task& task) {
    std::erase(waiting_, &task);
}

void StdoutSink::add_name(const std::string& name) {
    widths_.insert(name.size());
}

void StdoutSink::remove_name(const std::string& name) {
    widths_.erase(widths_.find(name.size()));
}

std::string StdoutSink::prefix(const std::string& name) const {
    return name + std::string(*widths_.rbegin() - name.size(), ' ') + " | ";
}

}  // namespace yard::engine::logs
