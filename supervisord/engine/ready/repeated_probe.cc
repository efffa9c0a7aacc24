#include "engine/ready/repeated_probe.h"

#include "base/text.h"

namespace yard::engine {

RepeatedProbe::RepeatedProbe(uv_loop_s* loop, std::string what, Duration interval, Duration limit,
                             StartAttempt start_attempt, std::function<void()> on_ready)
    : what_(std::move(what)),
      interval_(interval),
      limit_(limit),
      start_attempt_(std::move(start_attempt)),
      on_ready_(std::move(on_ready)),
      timer_(loop) {
    begin();
}

void RepeatedProbe::begin() {
    timer_.start(limit_, [this] { conclude(fail("no answer within " + format_duration(limit_))); });
    // The outcome comes from within the attempt, perhaps from its constructor: it is put away in the next
    // turn.
    attempt_ = start_attempt_([this](Status outcome) {
        timer_.start(Duration(0), [this, outcome = std::move(outcome)] { conclude(outcome); });
    });
}

void RepeatedProbe::conclude(const Status& outcome) {
    attempt_.reset();
    if (outcome) {
        const auto on_ready = std::move(on_ready_);
        return on_ready();
    }
    failure_ = outcome.error().message;
    timer_.start(interval_, [this] { begin(); });
}

}  // namespace yard::engine
