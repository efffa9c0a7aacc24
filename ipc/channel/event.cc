#include "ipc/channel/event.h"

#include <errno.h>

namespace yard::ipc {

void Event::set() {
    event_word(segment_).store(1);
    EventCount& readable = segment_.header().readable;
    readable.wake_all();
    readable.ring_bell(bell_);
}

int Event::wait(Nanoseconds until) {
    const auto attempt = [this] {
        if (is_set()) return 0;
        return segment_.header().closed.load() != 0 ? -EPIPE : -EAGAIN;
    };
    return wait_until(segment_.header().readable, segment_.owner(me_), spin_, until, attempt,
                      [] { return kForever; });
}

}  // namespace yard::ipc
