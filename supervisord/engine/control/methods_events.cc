// What happened, and what is happening: at the caller's pace, never faster.
#include <algorithm>
#include <set>

#include "engine/control/methods.h"

namespace yard::engine::control {
namespace {

// Services by name; none: all.
using Filter = std::optional<std::set<std::string, std::less<>>>;

bool passes(const Filter& filter, const Event& event) {
    return !filter || filter->contains(event.service);
}

// Sends what the hub keeps after a cursor, as far as the caller takes it. Who is slower than the events forget learns
// how many that cost.
class EventsTask final : public Task {
  public:
    EventsTask(Call& call, EventHub& hub, uint64_t since_seq, Filter filter, bool follow)
        : call_(call), hub_(hub), cursor_(since_seq), filter_(std::move(filter)), follow_(follow) {
        subscription_ = hub.subscribe([this](ServiceId, const Event&) { send(); });
    }
    void send() {
        while (!call_.congested()) {
            const std::optional<Event> event = hub_.after(cursor_);
            if (!event && !follow_) return call_.reply();
            if (!event) return;
            if (cursor_ != 0) missed_ += event->seq - cursor_ - 1;
            cursor_ = event->seq;
            if (passes(filter_, *event)) call_.progress(event_json(*event, std::exchange(missed_, 0)));
        }
    }
    void on_drained() override { send(); }

  private:
    Call& call_;
    EventHub& hub_;
    uint64_t cursor_;  // 0: from the oldest on
    const Filter filter_;
    const bool follow_;
    uint64_t missed_ = 0;
    EventHub::Subscription subscription_;
};

// The number before the last `count` events that pass and are not older than `since`.
uint64_t before_last(const EventRing& kept, const Filter& filter, uint64_t count, WallTime since) {
    uint64_t seq = kept.last();
    for (; count > 0 && seq >= kept.oldest() && kept.at(seq).time >= since; --seq) {
        if (passes(filter, kept.at(seq))) --count;
    }
    return seq;
}

// The number after which the call begins.
uint64_t first_cursor(const Json& parameters, WallTime now, const EventHub& hub, const Filter& filter,
                      bool follow) {
    if (parameters.has("since_seq")) {
        const auto seen = static_cast<uint64_t>(parameters["since_seq"].as_int());
        return seen <= hub.last_seq() ? seen : 0;  // it is from before the numbers began anew
    }
    if (!parameters.has("last") && !parameters.has("since_ms")) return follow ? hub.last_seq() : 0;
    const int64_t ever_ms = now.time_since_epoch() / std::chrono::milliseconds(1);
    const int64_t age_ms = std::min(parameters["since_ms"].as_int(ever_ms), ever_ms);
    const int64_t count = parameters["last"].as_int(EventRing::kRemembered);
    return before_last(hub.kept(), filter, static_cast<uint64_t>(count),
                       now - std::chrono::milliseconds(age_ms));
}

}  // namespace

void Methods::subscribe(Call& call) {
    if (!expect_more(call)) return;
    const Json& parameters = call.parameters();
    for (const char* name : {"since_seq", "last", "since_ms"}) {
        if (parameters[name].as_int() < 0) return answer_invalid(call, name, "expected 0 or more");
    }
    const auto ids = selected(call);
    if (!ids) return;
    Filter filter;
    if (parameters.has("names")) {
        filter.emplace();
        for (const ServiceId id : *ids) filter->insert(backend_.name(id));
    }
    const bool follow = parameters["follow"].as_bool(true);
    const uint64_t cursor = first_cursor(parameters, backend_.now().wall, hub_, filter, follow);
    call.keep(std::make_unique<EventsTask>(call, hub_, cursor, std::move(filter), follow)).send();
}

}  // namespace yard::engine::control
