#include "ipc/client/drain.h"

#include <cerrno>

namespace yard::ipc {
int drain(Queue& queue, const Segment& segment, Nanoseconds until) {
    queue.close();
    // Whoever makes room wakes one of those who wait for it, and the last who does so finds us: nobody puts any more.
    EventCount& room = segment.header().writable;
    for (;;) {
        const uint32_t key = room.prepare();
        if (queue.is_idle()) break;
        if (until == 0) return -EAGAIN;
        if (until != kForever && monotonic_now() >= until) return -ETIMEDOUT;
        room.sleep(key, until);
    }
    room.wake_all();  // others who drain it too
    return 0;
}

}  // namespace yard::ipc
