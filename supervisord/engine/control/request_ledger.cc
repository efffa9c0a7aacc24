#include "engine/control/request_ledger.h"

#include <algorithm>
#include <atomic>

namespace yard::engine::control {
namespace {

// FNV-1a. Clients choose ids at random, so any spreading of them over 128 bits will do.
uint64_t hash(std::string_view text, uint64_t state) {
    for (const char c : text) {
        state ^= static_cast<unsigned char>(c);
        state *= 0x100000001b3;
    }
    return state;
}

}  // namespace

bool RingLedger::seen_or_add(std::string_view id) {
    const RequestRing::Id words{{hash(id, 0xcbf29ce484222325), hash(id, 0x9e3779b97f4a7c15)}};
    const auto end =
        ring_.ids.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(ring_.added, ring_.ids.size()));
    if (std::find(ring_.ids.begin(), end, words) != end) return true;
    ring_.ids[ring_.added % ring_.ids.size()] = words;
    // Killed here, the engine has forgotten the oldest id and counts no half-written one.
    std::atomic_ref(ring_.added).store(ring_.added + 1, std::memory_order_release);
    return false;
}

}  // namespace yard::engine::control
