#define _GNU_SOURCE
#include "floor_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_file(struct floor_log* log) {
    log->file = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    log->size = 0;
    return log->file < 0 ? -1 : 0;
}

static void rotate(struct floor_log* log) {
    char old[sizeof log->path + 2];
    snprintf(old, sizeof old, "%s.1", log->path);
    close(log->file);
    if (rename(log->path, old) != 0 || open_file(log) != 0) perror(log->path);
}

int floor_log_open(struct floor_log* log, const char* folder, int number) {
    log->pipe[0] = log->pipe[1] = -1;
    if (strcmp(folder, "-") == 0) return 0;
    snprintf(log->path, sizeof log->path, "%s/%d.log", folder, number);
    if (pipe2(log->pipe, O_CLOEXEC) != 0) return -1;
    return open_file(log);
}

void floor_log_move(struct floor_log* log) {
    static char buffer[64 << 10];
    const ssize_t size = read(log->pipe[0], buffer, sizeof buffer);
    if (size <= 0) return;
    if (write(log->file, buffer, (size_t)size) != size) perror(log->path);
    log->size += (size_t)size;
    if (log->size >= FLOOR_LOG_LIMIT) rotate(log);
}
