// What a bell is made of: a pipe that every user of an object has open, each by an open file of its own. Bytes are put
// into it and never waited for, as it is an edge that tells: each who waits has an edge-triggered epoll on it, so that
// none can take another's wake-up along.
//
// An eventfd would be smaller, but cannot be opened twice, and the kernel takes no more than 500 epolls within epolls on
// one open file.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace yard::ipc {

Result<UniqueFd> make_bell_pipe();
// The same bell by another open file. Fails with EACCES for a user who did not make it.
Result<UniqueFd> reopen_bell_pipe(int fd);
// Tells all. Never waits.
void ring_bell_pipe(int fd);
// Whether it ever rang: from then on each who begins to wait is told at once, and looks for what there is.
bool has_rung(int fd);

}  // namespace yard::ipc
