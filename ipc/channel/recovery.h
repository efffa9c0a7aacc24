// Taking back what a dead process had. By the broker alone, one thread at a time.
#pragma once

#include <cstdint>

#include "ipc/channel/bell.h"
#include "ipc/channel/segment.h"

namespace yard::ipc {

struct Death {
    uint32_t pid = 0;
    int32_t wait_status = kStatusUnknown;
};

struct Recovered {
    uint32_t claims = 0;        // locks, permits, leases and half-made messages that it had
    bool dead_letters = false;  // there are messages for move_dead_letters
};

// Takes back every claim of `owner` in the object, notes who died if it had any, clears its record, and wakes everybody,
// as it may have died between a change and its wake-up. REQUIRES: that process is known to be dead, or has left the
// object for good. May be cut short anywhere and done again; nobody has to stop for it. With owner kBroker: what an
// earlier broker left half done.
Recovered recover(const Segment& segment, OwnerId owner, const Death& death, Bell* bell);

struct Settled {
    uint32_t left = 0;    // letters that are not moved yet
    bool is_cut = false;  // the turn was over: there may be room for them
};

// Moves the dead letters of queue `from` to queue `to` as far as there is room, for one turn of a few milliseconds. An
// earlier broker may have died in the middle of one: no letter is lost or doubled. Call before recover(to, kBroker).
Settled move_dead_letters(const Segment& from, const Segment& to, Bell* bell_of_to);

}  // namespace yard::ipc
