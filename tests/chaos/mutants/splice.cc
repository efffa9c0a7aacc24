// An engine that moves output by read(2), then write(2), as everybody does at first. It takes its time in
// between, so that a few kills are enough to show what many would.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

extern "C" ssize_t __wrap_splice(int in, off64_t*, int out, off64_t*, size_t size, unsigned) {
    static char buffer[256 << 10];
    const ssize_t got = read(in, buffer, size < sizeof buffer ? size : sizeof buffer);
    if (got <= 0) return got;
    const timespec pause{0, 200'000};
    nanosleep(&pause, nullptr);
    return write(out, buffer, static_cast<size_t>(got));
}
