// From how long a call may wait to until when.
#pragma once

#include "ipc/channel/event_count.h"

namespace yard::ipc {

// As the cores take it: < 0 for ever, 0 not at all.
inline Nanoseconds deadline(Nanoseconds timeout) {
    if (timeout < 0) return kForever;
    return timeout == 0 ? 0 : time_in(timeout);
}

}  // namespace yard::ipc
