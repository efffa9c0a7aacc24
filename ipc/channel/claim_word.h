// The word of something that one process at a time has: a permit, a lock. It says who, and since when.
#pragma once

#include <cstdint>

#include "ipc/channel/segment.h"

namespace yard::ipc {

enum class ClaimState : uint32_t { absent, free, held };

// state 2 | the last owner died 1 | owner 13 | since, ms 48.
struct ClaimWord {
    ClaimState state = ClaimState::absent;
    bool owner_died = false;
    OwnerId owner = 0;
    uint64_t since_ms = 0;

    uint64_t packed() const {
        return static_cast<uint64_t>(state) << 62 | uint64_t{owner_died} << 61 |
               static_cast<uint64_t>(owner) << 48 | since_ms;
    }
    static ClaimWord of(uint64_t bits) {
        return {static_cast<ClaimState>(bits >> 62), (bits >> 61 & 1) != 0,
                static_cast<OwnerId>(bits >> 48 & (kOwnerSlots - 1)), bits & ((1ULL << 48) - 1)};
    }
};

// CLOCK_MONOTONIC in ms, as exact as costs next to nothing (a few ms).
uint64_t coarse_now_ms();

}  // namespace yard::ipc
