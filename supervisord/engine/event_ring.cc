#include "engine/event_ring.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace yard::engine {

void EventRing::enter(const ServiceFacts& facts) {
    const std::string_view service = facts.name.view(), cause = facts.reason.view();
    const size_t size = service.size() + cause.size();
    uint64_t text = text_end();
    if (text % kTextBytes + size > kTextBytes) text += kTextBytes - text % kTextBytes;
    std::memcpy(texts_ + text % kTextBytes, service.data(), service.size());
    std::memcpy(texts_ + text % kTextBytes + service.size(), cause.data(), cause.size());
    entries_[facts.event % (kRemembered + 1)] = {.time_ns = facts.since_wall_ns,
                                                 .text = text,
                                                 .from = facts.event_from,
                                                 .to = facts.actual,
                                                 .service_size = static_cast<uint8_t>(service.size()),
                                                 .cause_size = static_cast<uint8_t>(cause.size())};
    // Killed before this, the engine has left no half event behind.
    std::atomic_ref(last_).store(facts.event, std::memory_order_release);
}

// Counts as gone what the next event may overwrite, since an engine may have died half way through that.
uint64_t EventRing::oldest() const {
    const uint64_t reach = text_end() + 2 * kLongestText;
    uint64_t low = last_ > kRemembered ? last_ - kRemembered + 1 : 1, high = last_;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (entry(middle).text + kTextBytes < reach) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

Event EventRing::at(uint64_t seq) const {
    const Entry& kept = entry(seq);
    const char* text = texts_ + kept.text % kTextBytes;
    return {.seq = seq,
            .time = WallTime(Duration(kept.time_ns)),
            .from = kept.from,
            .to = kept.to,
            .service = {text, kept.service_size},
            .cause = {text + kept.service_size, kept.cause_size}};
}

}  // namespace yard::engine
