// Waiting until a queue has nothing left to do.
#pragma once

#include "ipc/channel/queue.h"

namespace yard::ipc {

// Closes it, then waits until every message was taken and acknowledged, and every loan has ended: 0, -EAGAIN, -ETIMEDOUT.
int drain(Queue& queue, const Segment& segment, Nanoseconds until);

}  // namespace yard::ipc
