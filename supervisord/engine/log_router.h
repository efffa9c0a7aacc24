// The door to the log subsystem (engine/logs/): one thread of its own moves what services write from their
// FIFOs to files and to standard output, so that neither a slow disk nor a storm of output ever delays the
// engine's loop.
//
// Promises, also when the engine is killed at any instruction and another takes over with the same FIFO,
// spool and position cell:
//  - a file gets every byte once, in order (`when_full: block`; the dropping policies say in the log what
//  they left out);
//  - standard output gets every line at least once: after a kill the last lines may come again;
//  - text, JSON and standard output get whole lines. A half line waits for its end or for the end of its
//  process. A line
//    longer than the spool (1 MiB) is written in parts: without added newlines in a file, as several lines on
//    standard output;
//  - nobody writes: nothing wakes up.
// On standard output raw and text lines stand behind "<service> | "; JSON lines name their service
// themselves.
//
// Threads: every function is called from the engine's loop thread. Callbacks run on the loop thread too.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "conf/config.h"

struct uv_loop_s;

namespace yard::engine {

// The position record of one service's log: how far the spool was parsed and where that ended in the output.
// Two copies with a sequence number live in the state file; the log thread writes them, a new engine reads
// them.
struct LogPosition {
    uint64_t spool_parsed = 0;   // offset in the spool up to which everything is written
    uint64_t output_offset = 0;  // size of the output file that this corresponds to
    uint64_t output_file = 0;    // its inode number: another file at that path is never cut; 0: none
};
struct LogPositionCell {  // one per service, in mapped memory that outlives the engine; starts as zeros
    LogPosition copies[2];
    uint64_t sequence = 0;  // copies[sequence & 1] is valid; a single-word store flips it
};

struct LogChannel {
    std::string service;  // for prefixes and file names
    conf::LogPolicy policy;
    UniqueFd fifo;   // O_RDWR | O_NONBLOCK end of the service's output FIFO
    UniqueFd spool;  // memfd with its own file offset; invalid until the first use (see on_spool_created)
    LogPositionCell* position;  // outlives the router
    bool watched = false;       // as if watch_lines(true) came before the first line
};

struct LogLineRecord {
    std::string service;
    WallTime time;
    std::string line;  // without the newline
};

struct LogQuery {
    std::vector<std::string> services;
    bool follow = false;
    std::optional<size_t> lines;  // the last n of all, after filtering; none: everything there is
    std::optional<WallTime> since;
    std::string grep;  // extended regular expression; empty: all
};

struct LogCounters {
    uint64_t bytes_in = 0;
    uint64_t dropped_bytes = 0;
    uint64_t dropped_lines = 0;
    uint64_t rotations = 0;
};

class LogRouter {
  public:
    // Each may be empty.
    struct Callbacks {
        // A spool memfd was made for the service: the engine lets the keeper hold it, so that it outlives us.
        // Nothing enters the spool before this returns. `spool_fd` is borrowed for the call.
        std::function<void(const std::string& service, int spool_fd)> on_spool_created;
        // A complete line passed, for `ready: log`. Only for services with watch_lines(true), which move no
        // faster than this callback takes their lines.
        std::function<void(const std::string& service, const std::string& line)> on_line;
        // Something went wrong that a person should see (disk full, cannot open), in words; once per episode.
        std::function<void(const std::string& service, const std::string& message)> on_problem;
        // A log that could not be written is written again.
        std::function<void(const std::string& service)> on_resumed;
    };

    // `log_dir` is the default folder of log files. `loop` is the engine's loop. `stdout_fd` is borrowed.
    // `clock` (none: the system's) gives the time of lines and must be safe to read from another thread; it
    // outlives the router.
    static Result<std::unique_ptr<LogRouter>> create(uv_loop_s* loop, std::string log_dir,
                                                     Callbacks callbacks, int stdout_fd = 1,
                                                     const Clock* clock = nullptr);
    // Stops at once: what is in FIFOs and spools stays there for the next engine. Promises that are open
    // (`done`) are dropped. The loop must turn until it has nothing left before it is closed (worker jobs end
    // by themselves).
    virtual ~LogRouter() = default;

    // Takes the channel up; completes a half-done append that an earlier engine left. Fails when log files
    // cannot be made in its folder, or while a channel of this service is present (`remove`, and wait for its
    // `done`). The log file itself is opened, and a half-done rotation completed, when the first byte or query
    // comes: what is wrong then is a problem that is told, and tried again.
    virtual Status add(LogChannel channel) = 0;
    // Reads what is left in the FIFO, writes it out with a half line at its end, closes; `done` when
    // everything is written. While the disk is full or standard output is stuck that is not so: a caller in a
    // hurry destroys the router. The service's log can still be queried.
    virtual void remove(const std::string& service, std::function<void()> done) = 0;
    // A process of the service ended: the half line that it left is complete, the byte that comes after
    // end_turn() begins a new line. (Raw logs stay as written.)
    virtual void process_ended(const std::string& service) = 0;
    // Call it before what the turn of the loop has decided takes effect: passes on which processes ended.
    virtual void end_turn() = 0;
    // At the latest from the bytes on that come after the call; none is reported after `false`.
    virtual void watch_lines(const std::string& service, bool on) = 0;
    virtual LogCounters counters(const std::string& service) const = 0;
    // Why nothing of its log can be written at present; mostly empty.
    virtual std::string trouble(const std::string& service) const = 0;
    // Closes and opens the files again by name (SIGUSR1, for external logrotate).
    virtual void reopen() = 0;
    // Everything that services have written so far is on file when `done` runs, half lines excepted.
    virtual void flush(std::function<void()> done) = 0;

    // A running query. Destroying it cancels; no callback comes after that. Lines come in batches merged by
    // time; `on_end` when a query without follow is complete. After a batch that the consumer cannot take
    // yet, it calls pause(true); no batch comes until pause(false).
    class Stream {
      public:
        virtual ~Stream() = default;
        virtual void pause(bool on) = 0;
    };
    // What is on file now is history; with `follow` everything later comes too, whole and once, also over
    // rotations. Fails with EINVAL when `grep` is no regular expression, else because a log cannot be read. A
    // service without a log has no lines. Callbacks come later, never from within this call. The stream must
    // not outlive the router.
    virtual Result<std::unique_ptr<Stream>> query(LogQuery query,
                                                  std::function<void(std::vector<LogLineRecord>)> on_lines,
                                                  std::function<void()> on_end) = 0;
};

}  // namespace yard::engine
