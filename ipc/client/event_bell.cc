#include "ipc/client/event_bell.h"

#include <unistd.h>

#include <cstdint>

namespace yard::ipc {

EventBell::~EventBell() {
    if (!is_ours()) static_cast<void>(eventfd_.release());
}

void EventBell::ring() {
    const std::lock_guard lock(mutex_);
    if (!is_ours()) {
        static_cast<void>(eventfd_.release());
        eventfd_ = anew_();
        identity_ = DescriptorIdentity::of(eventfd_.get());
    }
    const uint64_t one = 1;
    // Without a descriptor there is nobody to tell: those who wait hear the next one who can ring.
    if (eventfd_ && write(eventfd_.get(), &one, sizeof one) < 0) return;
}

}  // namespace yard::ipc
