#include "engine/logs/query_stream.h"

#include <algorithm>
#include <utility>

#include "engine/loop/worker.h"

namespace yard::engine::logs {

QueryStream::QueryStream(uv_loop_s* loop, LoopMailbox& mailbox, LogMerge merge,
                         std::vector<std::shared_ptr<LogChain>> chains, bool follow, Handlers handlers)
    : loop_(loop),
      mailbox_(mailbox),
      work_(std::make_shared<Work>(std::move(merge))),
      chains_(std::move(chains)),
      follow_(follow),
      handlers_(std::move(handlers)) {
    work_->stream = this;
    // Before the first look: what comes after it is told.
    for (const auto& chain : chains_) chain->followers += follow_ ? 1 : 0;
    read();
}

QueryStream::~QueryStream() {
    work_->cancelled = true;
    for (const auto& chain : chains_) chain->followers -= follow_ ? 1 : 0;
    handlers_.on_destroyed(this);
}

void QueryStream::grew(const LogChain& chain) {
    const bool ours =
        std::any_of(chains_.begin(), chains_.end(), [&](const auto& one) { return one.get() == &chain; });
    if (!ours || !follow_) return;
    grew_ = true;
    if (!reading_ && !undelivered_ && !paused_) read();
}

void QueryStream::pause(bool on) {
    if (std::exchange(paused_, on) == on || on || reading_) return;
    undelivered_ = true;
    mailbox_.post([work = work_] {
        if (!work->cancelled) work->stream->deliver();
    });
}

void QueryStream::read() {
    reading_ = true;
    grew_ = false;
    run_in_worker(
        loop_, [work = work_] { work->batch = work->merge.next_batch(work->cancelled); },
        [work = work_] {
            if (work->cancelled) return;
            work->stream->reading_ = false;
            work->stream->undelivered_ = true;
            work->stream->deliver();
        });
}

void QueryStream::deliver() {
    if (paused_ || reading_ || !undelivered_) return;
    undelivered_ = false;
    const auto work = work_;  // a handler may destroy this
    const bool more = work->batch.more;
    if (auto lines = std::exchange(work->batch.lines, {}); !lines.empty())
        handlers_.on_lines(std::move(lines));
    if (work->cancelled || paused_) return;
    if (more || grew_) return read();
    if (!follow_) handlers_.on_end();
}

}  // namespace yard::engine::logs
