// Work that would hold the loop up, on one of libuv's worker threads.
#pragma once

#include <functional>

struct uv_loop_s;

namespace yard::engine {

// Runs `work` on a worker thread, then `done` on the loop thread. Neither can be taken back: the loop must turn until
// both have run. REQUIRES: called on the loop thread.
void run_in_worker(uv_loop_s* loop, std::function<void()> work, std::function<void()> done);

}  // namespace yard::engine
