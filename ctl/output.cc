#include "ctl/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace yard::ctl {
namespace {

constexpr size_t kFlushAt = 64 << 10;

}  // namespace

void Output::write(std::string_view text) {
    if (closed_) return;
    buffer_ += text;
    if (buffer_.size() >= kFlushAt) flush();
}

void Output::line(std::string_view text) {
    write(text);
    write("\n");
}

void Output::flush() {
    for (size_t written = 0; written < buffer_.size() && !closed_;) {
        const ssize_t count = ::write(fd_, buffer_.data() + written, buffer_.size() - written);
        if (count >= 0) {
            written += static_cast<size_t>(count);
        } else if (errno == EAGAIN) {  // someone made the terminal or pipe that we share non-blocking
            pollfd writable{fd_, POLLOUT, 0};
            poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            closed_ = true;
            error_ = errno == EPIPE ? 0 : errno;
        }
    }
    buffer_.clear();
}

Status Output::finish() {
    flush();
    if (error_ != 0) return fail(system_error("write", "standard output", error_));
    return Ok();
}

}  // namespace yard::ctl
