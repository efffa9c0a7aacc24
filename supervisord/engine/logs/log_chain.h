// LogChain: the live file of one log and the rotated ones behind it, as files that many threads look at while
// one rotates them.
//
// A file keeps its generation for life: rotation makes the next generation live and renames the others, .1 to
// .2 and so on. The renames go from the back, into the first free number, so a rotation that a kill cut short
// leaves a free number and loses nothing when it is done again. A file's index moves before the file does;
// recover() finishes such a half move.
//
// Thread safety: every function may be called from any thread; what is opened stays readable whatever happens
// to its name.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/logs/log_names.h"

namespace yard::engine::logs {

using Generation = int64_t;

// A place in the log as a whole.
struct LogPlace {
    Generation generation = 0;
    uint64_t offset = 0;

    auto operator<=>(const LogPlace&) const = default;
};

class LogChain {
  public:
    explicit LogChain(std::string path) : names_(std::move(path)) {}

    const std::string& path() const { return names_.live(); }
    // How many rotated files stay, and how they are stored.
    void configure(uint32_t keep, Compression compression);
    bool has_compression() const;

    // Completes what a killed engine left half done; removes scrap and what is beyond `keep`.
    void recover();
    // The same before the first look at the files: most services never write, and their logs cost nothing.
    void recover_when_used();
    // Makes the log's folder if need be. Fails when files cannot be made there.
    Status check_folder() const;
    // Fails when there is a live file and it cannot be read.
    Status check_readable() const;
    // Opens the live file for reading and writing, made if need be, with its folder.
    Result<UniqueFd> open_live();
    // Makes the live file the rotated file .1 and a new empty one live. On failure nothing has changed for
    // the writer.
    Result<UniqueFd> rotate();
    // Somebody else renamed the live file and open_live() made another: that is a new generation too.
    void note_replaced_live();

    Generation newest() const;
    Generation oldest() const;  // of those that exist
    LogPlace end() const;

    struct Opened {
        UniqueFd file;   // invalid: this generation is not there (any more)
        UniqueFd index;  // invalid: it has none
        Compression compression = Compression::none;
    };
    Opened open(Generation generation) const;
    // If .1 is the file `inode`, cuts off what stands behind `size`.
    Status cut_previous(uint64_t inode, uint64_t size) const;

    // Compression runs in one worker at a time. take_compression_job() gives the oldest file to compress;
    // nothing when there is none (or a worker has one): then a later rotation must ask again.
    struct CompressionJob {
        Generation generation;
        Compression compression;
        UniqueFd source;
        std::string scrap_path;  // write here
    };
    std::optional<CompressionJob> take_compression_job();
    // The scrap file is complete (else it is dropped): it takes the place of the uncompressed one.
    Status finish_compression_job(const CompressionJob& job, bool complete);

    // Readers that wait for more: `followers` counts them; the writer sets `grew` when it tells them.
    std::atomic<int> followers{0};
    std::atomic<bool> grew{false};

  private:
    void complete() const;
    void settle() const;
    uint32_t first_free() const;
    Status move_up(uint32_t k) const;
    void remove_file(uint32_t k) const;

    const LogNames names_;
    mutable std::mutex mutex_;  // all below, and every rename
    uint32_t keep_ = 10;
    Compression compression_ = Compression::none;
    Generation newest_ = 0;
    bool compressing_ = false;
    mutable bool unsettled_ = false;  // to be recovered at its first use
};

}  // namespace yard::engine::logs
