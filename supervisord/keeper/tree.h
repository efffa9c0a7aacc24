// Walking the descendants of this process in /proc: the shim's eyes.
#pragma once

#include <stdint.h>

namespace yard::keeper {

// Sends `signal` to every descendant of the calling process, parents before children. Returns how many were
// found; 0 also when /proc is not readable. Not atomic: callers that must empty a tree repeat until it is.
uint32_t signal_descendants(int signal);

// SIGKILL to every child of the calling process, which alone may reap them. Much faster than a walk: what forks and
// ends without pause is gone before a walk comes to it. Does nothing where the kernel lacks CONFIG_PROC_CHILDREN.
void kill_children();

}  // namespace yard::keeper
