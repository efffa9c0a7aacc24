// StdoutSink: the daemon's own standard output, shared by the logs of many services and by nobody else's
// patience: it is never waited for. One writer at a time has its lines on the way; the others get a turn when
// they are through.
//
// Standard output is a descriptor that other processes share, so O_NONBLOCK is not set on it. Where /proc
// allows it is opened anew instead; else a pipe takes what it surely takes at once (PIPE_BUF) when poll says
// that there is space.
//
// Thread safety: none; lives in the log thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/logs/reactor.h"

namespace yard::engine::logs {

class StdoutSink : public Reactor::Task {
  public:
    // `fd` is borrowed. `on_gone` gets the reason when nobody reads any more.
    StdoutSink(Reactor& reactor, int fd, std::function<void(const std::string&)> on_gone);
    ~StdoutSink() override;

    // Nobody reads, or it never was open: lines need not be written here.
    bool gone() const { return gone_; }
    bool busy() const { return !pending_.empty(); }
    // Writes `lines` (whole ones), now as far as possible and the rest later; `done` runs, perhaps at once,
    // when all is written or nobody reads any more. REQUIRES: !busy().
    void write(std::string lines, std::function<void()> done);
    // A turn for `task` when this is free again. REQUIRES: busy().
    void wait_for(Task& task);
    // `task` goes away.
    void forget(Task& task);

    // Services with lines here: their prefixes have one width.
    void add_name(const std::string& name);
    void remove_name(const std::string& name);
    // REQUIRES: `name` was added.
    std::string prefix(const std::string& name) const;

    void turn(BootTime now) override;

  private:
    // Bytes written, 0 when there is no space, negative when nobody reads.
    ssize_t write_some(std::string_view bytes);
    void finish();

    Reactor& reactor_;
    UniqueFd own_;  // opened anew, O_NONBLOCK
    int fd_;
    bool socket_ = false;
    bool may_block_ = false;
    bool gone_ = false;
    std::function<void(const std::string&)> on_gone_;
    std::string pending_;
    size_t written_ = 0;
    std::function<void()> done_;
    std::vector<Task*> waiting_;
    std::multiset<size_t> widths_;  // of the names
};

}  // namespace yard::engine::logs
