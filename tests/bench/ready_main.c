/* A service that does nothing but say when its main() began: appends {CLOCK_MONOTONIC in ns, PID} as two
 * 64-bit numbers to a file. Linked statically, so that the start costs what fork and exec cost.
 *
 *     ready_main FILE                  then waits for a signal
 *     ready_main FILE storm            then exits at once, unless it made FILE.first: one of many stays
 *     ready_main FILE write SIZE TOTAL then writes TOTAL bytes in writes of SIZE, adds a second stamp, and
 * waits
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void stamp(const char* path) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t record[2] = {now.tv_sec * 1000000000LL + now.tv_nsec, getpid()};
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, record, sizeof record) != sizeof record) _exit(1);
    close(fd);
}

static int is_first(const char* path) {
    char marker[4096] = "";
    strncpy(marker, path, sizeof marker - 7);
    strcat(marker, ".first");
    return open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) >= 0;
}

static void write_lines(size_t size, size_t total) {
    static char block[1 << 16];
    memset(block, 'x', size);
    block[size - 1] = '\n';
    for (size_t done = 0; done < total; done += size) {
        if (write(STDOUT_FILENO, block, size) != (ssize_t)size) _exit(1);
    }
}

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    stamp(argv[1]);
    if (argc == 3 && !is_first(argv[1])) return 0;
    if (argc == 5) {
        write_lines((size_t)atol(argv[3]), (size_t)atol(argv[4]));
        stamp(argv[1]);
    }
    while (1) pause();
}
