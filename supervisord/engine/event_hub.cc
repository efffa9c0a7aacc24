#include "engine/event_hub.h"

#include <algorithm>
#include <utility>

namespace yard::engine {

EventHub::Subscription::Subscription(Subscription&& other) noexcept
    : hub_(std::exchange(other.hub_, nullptr)), id_(other.id_) {}

EventHub::Subscription& EventHub::Subscription::operator=(Subscription&& other) noexcept {
    std::swap(hub_, other.hub_);
    std::swap(id_, other.id_);
    return *this;
}

EventHub::Subscription::~Subscription() {
    if (hub_ != nullptr) hub_->listeners_.erase(id_);
}

void EventHub::publish(ServiceId id, const ServiceFacts& facts) {
    ring_.enter(facts);
    const Event event = ring_.at(facts.event);
    const uint64_t last = last_listener_;  // who subscribes meanwhile waits for the next event
    for (auto at = listeners_.begin(); at != listeners_.end() && at->first <= last;) {
        const uint64_t key = at->first;
        const std::shared_ptr<Listener> listener = at->second;  // may unsubscribe itself while it runs
        (*listener)(id, event);
        at = listeners_.upper_bound(key);
    }
}

EventHub::Subscription EventHub::subscribe(Listener listener) {
    listeners_.emplace(++last_listener_, std::make_shared<Listener>(std::move(listener)));
    return Subscription(this, last_listener_);
}

std::optional<Event> EventHub::after(uint64_t seq) const {
    if (seq >= ring_.last()) return std::nullopt;
    return ring_.at(std::max(seq + 1, ring_.oldest()));
}

}  // namespace yard::engine
