// RepeatedProbe: tries again and again until an attempt succeeds.
//
//   attempting --done--> concluding --failed--> pausing (interval) --> attempting
//       |  time limit        |
//       '------------------->'--succeeded--> on_ready
//
// One timer serves every phase, so attempts never overlap and nothing remains after the last.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/loop/loop_timer.h"
#include "engine/ready/attempt.h"
#include "engine/ready/probe.h"

namespace yard::engine {

class RepeatedProbe : public Probe {
  public:
    using StartAttempt = std::function<std::unique_ptr<Attempt>(AttemptDone done)>;

    static constexpr Duration kAttemptLimit = std::chrono::seconds(5);

    // `what` begins every failure: "tcp 127.0.0.1:6379". An attempt without an outcome after `limit` has
    // failed; the next begins `interval` after the end of the last.
    RepeatedProbe(uv_loop_s* loop, std::string what, Duration interval, Duration limit,
                  StartAttempt start_attempt, std::function<void()> on_ready);

    std::string last_failure() const override { return what_ + ": " + failure_; }

  private:
    void begin();
    void conclude(const Status& outcome);

    std::string what_;
    std::string failure_ = "not tried yet";
    Duration interval_, limit_;
    StartAttempt start_attempt_;
    std::function<void()> on_ready_;
    LoopTimer timer_;
    std::unique_ptr<Attempt> attempt_;
};

}  // namespace yard::engine
