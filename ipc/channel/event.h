// A flag to wait for. It stays set until it is cleared.
//
// Results as in queue.h. No process has a claim on it, so none can leave one behind.
#pragma once

#include <cstdint>

#include "ipc/channel/bell.h"
#include "ipc/channel/waiting.h"

namespace yard::ipc {

inline SharedWord<uint32_t>& event_word(const Segment& segment) {
    return *reinterpret_cast<SharedWord<uint32_t>*>(segment.body());
}

class Event {
  public:
    // As Queue's.
    Event(const Segment& segment, OwnerId me, Bell* bell) : segment_(segment), me_(me), bell_(bell) {}

    // Wakes all who wait.
    void set();
    void clear() { event_word(segment_).store(0); }
    bool is_set() const { return event_word(segment_).load() != 0; }
    int wait(Nanoseconds until);

    void want_bell() { segment_.header().readable.want_bell(); }

  private:
    const Segment& segment_;
    const OwnerId me_;
    Bell* const bell_;
    SpinBudget spin_;
};

}  // namespace yard::ipc
