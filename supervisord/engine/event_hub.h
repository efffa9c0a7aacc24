// Every change of a service's state, told to who listens and kept for a while. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "engine/event_ring.h"
#include "engine/service_graph.h"

namespace yard::engine {

class EventHub {
  public:
    using Listener = std::function<void(ServiceId, const Event&)>;

    // Listens for as long as it lives. The hub must outlive it.
    class Subscription {
      public:
        Subscription() = default;
        Subscription(Subscription&& other) noexcept;
        Subscription& operator=(Subscription&& other) noexcept;
        ~Subscription();

      private:
        friend class EventHub;
        Subscription(EventHub* hub, uint64_t id) : hub_(hub), id_(id) {}
        EventHub* hub_ = nullptr;
        uint64_t id_ = 0;
    };

    // `ring` keeps the events, and must outlive the hub.
    explicit EventHub(EventRing& ring) : ring_(ring) {}

    // The event of `facts`, which has the next number. Calls the listeners before it returns. They may subscribe and
    // unsubscribe, themselves included, but not publish.
    void publish(ServiceId id, const ServiceFacts& facts);

    [[nodiscard]] Subscription subscribe(Listener listener);

    // The first event with a number above `seq` that is kept; none: there is none yet. Its texts are valid until the
    // next publish.
    std::optional<Event> after(uint64_t seq) const;
    uint64_t last_seq() const { return ring_.last(); }
    const EventRing& kept() const { return ring_; }

  private:
    EventRing& ring_;
    uint64_t last_listener_ = 0;
    std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace yard::engine
