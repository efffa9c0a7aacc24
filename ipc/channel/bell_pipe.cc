#include "ipc/channel/bell_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace yard::ipc {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr int kPages = 4;

}  // namespace

Result<UniqueFd> make_bell_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("make", "a bell"));
    const UniqueFd out(ends[0]), in(ends[1]);
    // A smaller one does as well: whoever rings takes out what is too much.
    static_cast<void>(fcntl(out.get(), F_SETPIPE_SZ, kPages * kPageBytes));
    return reopen_bell_pipe(out.get());
}

Result<UniqueFd> reopen_bell_pipe(int fd) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    // For both, so that nobody ever sees an end of it.
    UniqueFd opened(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!opened) return fail(system_error("open", "a bell"));
    return opened;
}

void ring_bell_pipe(int fd) {
    const char stroke = 0;
    char old[kPageBytes];
    // One page out of a full pipe leaves the others in it: one that is empty is not readable to who looks just then.
    for (int turn = 0; turn < kPages && write(fd, &stroke, 1) < 0 && errno == EAGAIN; ++turn) {
        if (read(fd, old, sizeof old) < 0 && errno != EAGAIN) return;
    }
}

bool has_rung(int fd) {
    pollfd bell{fd, POLLIN, 0};
    return poll(&bell, 1, 0) == 1;
}

}  // namespace yard::ipc
