// Every change of a service's state, numbered, kept for a while and told to who listens. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/service_facts.h"
#include "engine/service_graph.h"

namespace yard::engine {

struct Event {
    uint64_t seq = 0;
    WallTime time;
    ServiceId id = 0;
    State from = State::stopped;
    State to = State::stopped;
    std::string service;
    std::string cause;
};

class EventHub {
  public:
    static constexpr size_t kRemembered = 4096;
    using Listener = std::function<void(const Event&)>;

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

    // Numbers go on after `last_seq`, which an engine takes from the one before it.
    explicit EventHub(uint64_t last_seq = 0) : last_seq_(last_seq) {}

    // Calls the listeners before it returns. They may subscribe and unsubscribe, themselves included, but not
    // publish.
    void publish(WallTime time, ServiceId id, std::string_view service, State from, State to,
                 std::string_view cause);

    [[nodiscard]] Subscription subscribe(Listener listener);

    // The first remembered event with a number above `seq`; null when there is none yet. It is valid until
    // the next publish.
    const Event* after(uint64_t seq) const;
    uint64_t last_seq() const { return last_seq_; }

  private:
    uint64_t last_seq_;
    std::deque<Event> recent_;  // without gaps, ends with last_seq_
    uint64_t last_listener_ = 0;
    std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace yard::engine
