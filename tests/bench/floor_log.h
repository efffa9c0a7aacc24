/* The least that can capture output into rotated files: read, write, rename. */
#pragma once

#include <stddef.h>

enum { FLOOR_LOG_LIMIT = 10 << 20 }; /* bytes; then the file becomes .1 */

struct floor_log {
    int pipe[2]; /* -1: no capture */
    int file;
    size_t size;
    char path[200];
};

/* folder "-": no capture. Returns 0, or -1 with errno. */
int floor_log_open(struct floor_log* log, const char* folder, int number);

/* Moves what one read of the pipe gives to the file. */
void floor_log_move(struct floor_log* log);
