// The last events, in memory that outlives the engine: they lie in the state file (engine/state_file.h).
//
// An event is what the facts of a service say of its last change of state, with a number that counts the changes of all
// services. Facts are stored before their event is entered here, in the order of their numbers. So what an engine killed
// in between has left out is known from the facts, and the next one enters it before it does anything else
// (StateFile::enter_missing_events): no number is left out, and none is given twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/clock.h"
#include "engine/service_facts.h"

namespace yard::engine {

struct Event {
    uint64_t seq = 0;
    WallTime time;
    State from = State::stopped;
    State to = State::stopped;
    std::string_view service;
    std::string_view cause;
};

// Plain memory; all zero is the empty one. What is kept is bounded by count and by the bytes of its texts.
class EventRing {
  public:
    static constexpr size_t kRemembered = 2047;
    static constexpr size_t kTextBytes = 96 << 10;

    // The event of `facts`. REQUIRES: its number is the next one.
    void enter(const ServiceFacts& facts);

    // The numbers of the events there are: oldest() .. last(), without a gap. None yet: last() is 0.
    uint64_t oldest() const;
    uint64_t last() const { return last_; }
    // REQUIRES: oldest() <= seq <= last(). Its texts are valid until the next one is entered.
    Event at(uint64_t seq) const;

  private:
    struct Entry {
        int64_t time_ns;
        uint64_t text;  // where its texts begin, counted from the first ever; the service, then the cause
        State from, to;
        uint8_t service_size, cause_size;

        uint64_t text_end() const { return text + service_size + cause_size; }
    };
    static constexpr uint64_t kLongestText = sizeof(ServiceFacts::name) + sizeof(ServiceFacts::reason);

    const Entry& entry(uint64_t seq) const { return entries_[seq % (kRemembered + 1)]; }
    uint64_t text_end() const { return last_ == 0 ? 0 : entry(last_).text_end(); }

    uint64_t last_;
    Entry entries_[kRemembered + 1];  // the one to be written next is no event
    char texts_[kTextBytes];          // round and round; no event's are in two pieces
};
static_assert(std::is_trivially_copyable_v<EventRing>);

}  // namespace yard::engine
