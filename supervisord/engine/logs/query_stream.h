// QueryStream: a running query. Batches are read on a worker thread, one at a time, and delivered on the loop
// thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "engine/log_router.h"
#include "engine/logs/log_merge.h"
#include "engine/logs/loop_mailbox.h"

namespace yard::engine::logs {

// Thread safety: loop thread.
class QueryStream : public LogRouter::Stream {
  public:
    struct Handlers {
        std::function<void(std::vector<LogLineRecord>)> on_lines;
        std::function<void()> on_end;
        std::function<void(QueryStream*)> on_destroyed;
    };
    // `chains` are those of the merge, whose growth poke() tells of. `loop` and `mailbox` outlive this.
    QueryStream(uv_loop_s* loop, LoopMailbox& mailbox, LogMerge merge,
                std::vector<std::shared_ptr<LogChain>> chains, bool follow, Handlers handlers);
    ~QueryStream() override;

    void pause(bool on) override;
    // There may be more lines of this chain.
    void grew(const LogChain& chain);

  private:
    // What the worker needs; it may outlive the stream.
    struct Work {
        explicit Work(LogMerge lines) : merge(std::move(lines)) {}
        LogMerge merge;
        LogMerge::Batch batch;
        std::atomic<bool> cancelled{false};
        QueryStream* stream = nullptr;  // valid while not cancelled; loop thread
    };
    void read();
    void deliver();

    uv_loop_s* loop_;
    LoopMailbox& mailbox_;
    std::shared_ptr<Work> work_;
    std::vector<std::shared_ptr<LogChain>> chains_;
    bool follow_;
    Handlers handlers_;
    bool reading_ = false;
    bool undelivered_ = false;
    bool paused_ = false;
    bool grew_ = false;  // since the present reading began
};

}  // namespace yard::engine::logs
