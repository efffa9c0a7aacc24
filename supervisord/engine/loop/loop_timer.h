// LoopTimer: calls back once, later. The thin adapter over uv_timer_t.
//
// Threads: the loop's only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

struct uv_loop_s;

namespace yard::engine {

class LoopTimer {
  public:
    explicit LoopTimer(uv_loop_s* loop);

    // Runs `on_expiry` once, `after` from now (rounded up to milliseconds) and never before the next turn of
    // the loop. Takes the place of what was started before. `on_expiry` may start the timer again or destroy
    // it.
    void start(Duration after, std::function<void()> on_expiry);
    // What was started does not run. A stopped timer does not wake the loop.
    void stop();
    bool is_started() const;

  private:
    struct Block;
    struct Close {
        void operator()(Block* block) const;
    };
    std::unique_ptr<Block, Close> block_;
};

}  // namespace yard::engine
