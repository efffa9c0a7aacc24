// FileWriter: puts portions of a service's output into its log file, formatted, and rotates it when it is
// due.
//
// Lines are not divided between two files, except by raw logs in want of a newline and where one line alone
// goes beyond max_size by a whole spool.
//
// Thread safety: none; used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/logs/line_format.h"
#include "engine/logs/output_file.h"

namespace yard::engine::logs {

class FileWriter {
  public:
    // REQUIRES: `policy` outlives this.
    FileWriter(const std::string& service, const conf::LogPolicy& policy, std::shared_ptr<LogChain> chain);

    Status open(const std::optional<LogPosition>& recorded) { return file_.open(recorded); }
    Status reopen() { return file_.reopen(); }

    // Writes lines from the front of `portion`; returns how many bytes of it. 0 of some: the next line
    // belongs into the next file, rotate() first. `complete_last`: what stands behind its last newline is a
    // line too. On failure nothing was written.
    Result<size_t> write(std::string_view portion, bool complete_last, WallTime now);
    // Is the file too old?
    bool rotation_due(WallTime now);
    // Is it so large that the line in work has to go on in another file? Then end_line() and rotate().
    bool overlong() const;
    Status end_line(WallTime now);
    // Goes on in a new file. The caller records that before it writes. A failure becomes a rotation problem;
    // lines go on into the old file then, and another attempt comes after a while.
    void rotate(WallTime now);

    // Is a line begun that needs an end of ours when its process ends?
    bool owes_line_end() const { return !raw() && file_.ends_mid_line(); }
    bool ends_mid_line() const { return file_.ends_mid_line(); }

    uint64_t size() const { return file_.size(); }
    uint64_t inode() const { return file_.inode(); }
    // Rotations since the last call.
    uint64_t take_rotations() { return std::exchange(rotations_, 0); }
    // Why rotation does not work; once per episode.
    std::optional<std::string> take_rotation_problem() {
        return std::exchange(rotation_problem_, std::nullopt);
    }

  private:
    bool raw() const { return policy_.format == conf::LogPolicy::Format::raw; }
    uint64_t room() const;
    size_t raw_size_that_fits(std::string_view portion) const;
    Result<size_t> write_raw(std::string_view portion, WallTime now);

    const conf::LogPolicy& policy_;
    OutputFile file_;
    LineFormat format_;
    std::string formatted_;  // kept for its memory
    std::optional<WallTime> rotation_failed_;
    std::optional<std::string> rotation_problem_;
    uint64_t rotations_ = 0;
};

}  // namespace yard::engine::logs
