// Outlet: the log's side of one service. It takes what the spool holds, a portion at a time, to standard
// output and to the file, and then records that it did:
//
//   standard output (may take several turns) -> file -> record {parsed, size, inode} -> spool.advance
//
// A kill before the record means that the portion is done again: the file is cut back to its recorded size
// first.
//
// Nothing is opened, made or recorded before open(): most services never write.
//
// Thread safety: none; lives in the log thread (open() may run before that elsewhere).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/log_router.h"
#include "engine/logs/file_writer.h"
#include "engine/logs/lost_bytes.h"
#include "engine/logs/printer.h"
#include "engine/logs/shared_counters.h"
#include "engine/logs/spool.h"

namespace yard::engine::logs {

class Outlet {
  public:
    enum class Step {
        progressed,  // a portion is written and recorded
        nothing,     // no line is complete
        waiting,     // for standard output: a turn comes when it goes on
        failed,      // the file could not be written: problem() says why; nothing changed
    };

    // References outlive this.
    Outlet(const std::string& service, const conf::LogPolicy& policy, const std::shared_ptr<LogChain>& chain,
           LogPositionCell& cell, SharedCounters& counters);
    // If the policy wants standard output.
    void set_printer(std::unique_ptr<Printer> printer) { printer_ = std::move(printer); }

    // Opens the file, if the policy has one, where the record says. `spool`: the one that the record is
    // about, if there is any. REQUIRES: success before the first step().
    Status open(const Spool* spool);
    // Opens the file by name again, if it is open.
    Status reopen(const Spool* spool);

    // Writes one portion. `ended`: what is left without a newline is a line too. `passed`, if wanted, gets
    // the portion's lines.
    Step step(Spool& spool, bool ended, WallTime now, std::vector<std::string>* passed);
    // What went wrong: for a failed step, or with rotation (then lines go on into the old file).
    std::optional<std::string> take_problem() { return std::exchange(problem_, std::nullopt); }
    // Was there a rotation?
    bool take_rotated() { return std::exchange(rotated_, false); }

    // Leaves out the oldest quarter of a full spool, with a marker in its place.
    Status drop_oldest(Spool& spool);

  private:
    size_t portion_size(std::string_view unparsed, bool whole_lines) const;
    // nullopt: the portion goes into the next file, which is there now.
    std::optional<Result<size_t>> write(const Spool& spool, std::string_view portion, bool ended,
                                        WallTime now);
    void rotate(const Spool& spool, WallTime now);
    void commit(Spool& spool, size_t size, std::vector<std::string>* passed);
    void record(uint64_t spool_parsed);

    const std::string& service_;
    const conf::LogPolicy& policy_;
    const std::shared_ptr<LogChain>& chain_;
    std::unique_ptr<FileWriter> file_;
    std::unique_ptr<Printer> printer_;
    LogPositionCell& cell_;
    SharedCounters& counters_;
    LostBytes lost_;          // by drop_oldest since the last portion was written
    size_t marker_size_ = 0;  // of their marker, at the front of what is unparsed
    std::optional<std::string> problem_;
    bool rotated_ = false;
};

}  // namespace yard::engine::logs
