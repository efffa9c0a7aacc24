// The calling process's descendants, as /proc shows them.
#pragma once

#include <stdint.h>

namespace yard::keeper {

// Sends `signal` to every descendant, parents before children. Not atomic: callers that must empty a tree repeat until
// it is. Does nothing when /proc is not readable.
void signal_descendants(int signal);

// Calls `visit` for each child, those included that ended and are not reaped. Misses none of those that were there
// at the call, as only the caller can reap them. Much faster than a walk over all of /proc: what forks and ends without
// pause is gone before that comes to it. Sees none where the kernel lacks CONFIG_PROC_CHILDREN.
void visit_children(void (*visit)(int32_t pid, void* context), void* context);

}  // namespace yard::keeper
