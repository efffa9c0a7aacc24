// OutputFile: the live file of a log as its only writer sees it.
//
// It writes at an offset of its own (never O_APPEND), so that a batch whose record was not stored is written
// again over itself. Rotation happens between two lines where there is a choice; a file exceeds `max_size` by
// one line at most.
//
// Thread safety: none; used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "conf/config.h"
#include "engine/log_router.h"
#include "engine/logs/log_chain.h"
#include "engine/logs/time_index.h"

namespace yard::engine::logs {

class OutputFile {
  public:
    // REQUIRES: `policy` outlives this.
    OutputFile(std::shared_ptr<LogChain> chain, const conf::LogPolicy& policy);

    // Opens the live file. If it is the one of `recorded`, what stands behind the recorded offset is cut off:
    // an earlier engine wrote it and was killed before it could record so.
    Status open(const std::optional<LogPosition>& recorded);
    // Opens by name again, to follow a rename by others.
    Status reopen() { return open(std::nullopt); }

    uint64_t size() const { return size_; }
    uint64_t inode() const { return inode_; }
    // Does the last line lack its end?
    bool ends_mid_line() const { return mid_line_; }
    // How many bytes may come before max_size is reached.
    uint64_t room() const;
    // Is it old enough for rotation by age?
    bool too_old(WallTime now) const;

    // Appends all of `bytes`, or nothing and the reason. `mid_line`: they end within a line.
    Status append(std::string_view bytes, bool mid_line, WallTime now);
    // Rotates the chain and goes on in a new file.
    Status rotate();

  private:
    Status take(UniqueFd fd);

    std::shared_ptr<LogChain> chain_;
    const conf::LogPolicy& policy_;
    UniqueFd fd_;
    uint64_t inode_ = 0;
    uint64_t size_ = 0;
    WallTime born_;
    bool mid_line_ = false;
    TimeIndexWriter index_;
};

}  // namespace yard::engine::logs
