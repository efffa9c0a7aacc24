// From how long a call may wait to until when.
#pragma once

#include "ipc/channel/event_count.h"

namespace yard::ipc {

// As the cores take it: < 0 for ever, 0 not at all.
inline Nanoseconds deadline(Nanoseconds timeout) {
    if (timeout < 0) return kForever;
    if (timeout == 0) return 0;
    const Nanoseconds now = monotonic_now();
    return timeout < kForever - now ? now + timeout : kForever;
}

}  // namespace yard::ipc
