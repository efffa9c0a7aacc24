// Pump: the log of one service at work. Each turn it takes a bounded amount from the FIFO into the spool
// (Intake) and from there to the outputs (Outlet), then decides what it waits for:
//
//   more complete lines are there      the next turn
//   bytes came                         a short while, so that more gather (Pace)
//   nothing came                       the FIFO
//   standard output is busy            its turn there
//   the file cannot be written         a timer, with growing delay
//   the consumer has the last lines    lines_taken()
//   the spool is not held by the keeper yet   spool_is_kept()
//
// A promise (flush, process ended, remove) is a position in the stream of bytes: those that waited in the
// FIFO when it was given. Nothing beyond it is taken until it is kept.
//
// Threads: create() on the loop thread, the rest in the log thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/log_router.h"
#include "engine/logs/intake.h"
#include "engine/logs/log_chain.h"
#include "engine/logs/outlet.h"
#include "engine/logs/reactor.h"
#include "engine/logs/shared_counters.h"
#include "engine/logs/stdout_sink.h"

namespace yard::engine::logs {

class Pump;

// What a pump has to tell. Called in the log thread.
class PumpListener {
  public:
    virtual ~PumpListener() = default;
    // Answered by spool_is_kept().
    virtual void spool_created(std::shared_ptr<Pump> pump, int spool_fd) = 0;
    // Answered by lines_taken().
    virtual void lines_passed(std::shared_ptr<Pump> pump, std::vector<std::string> lines) = 0;
    virtual void problem(const std::string& service, const std::string& message) = 0;
    // Nothing is written until resumed(): it is tried again and again.
    virtual void stalled(const std::string& service, const std::string& message) = 0;
    virtual void resumed(const std::string& service) = 0;
    // There may be files to compress.
    virtual void rotated(std::shared_ptr<LogChain> chain, const std::string& service) = 0;
    // Followers of the chain wait and there is more.
    virtual void grew(std::shared_ptr<LogChain> chain) = 0;
};

class Pump : public Reactor::Task, public std::enable_shared_from_this<Pump> {
  public:
    // Destroyed when what it stands for has happened (or never will).
    using Token = std::shared_ptr<void>;

    // Takes up what an earlier engine left; without that, nothing is opened before the first byte.
    // References outlive the pump.
    static Result<std::shared_ptr<Pump>> create(LogChannel channel, std::shared_ptr<LogChain> chain,
                                                Reactor& reactor, StdoutSink& sink, const Clock& clock,
                                                PumpListener& listener);

    const std::string& service() const { return service_; }
    const std::shared_ptr<LogChain>& chain() const { return chain_; }
    const SharedCounters& counters() const { return counters_; }  // from any thread

    void start();
    void spool_is_kept();
    void lines_taken();
    void watch_lines(bool on) { watching_ = on; }  // from any thread: bytes that come after it find it so
    void reopen();
    void flush(Token token) { promise({0, false, false, std::move(token)}); }
    void process_ended() { promise({0, true, false, nullptr}); }
    // Drains, then needs nothing any more: its turns are over.
    void close(Token token) { promise({0, true, true, std::move(token)}); }
    // Its turns are over, come what may: the reactor has stopped.
    void abandon();

    void turn(BootTime now) override;

  private:
    struct Promise {
        uint64_t at = 0;  // of the stream of bytes
        bool ends_line = false;
        bool closes = false;
        Token token;
    };
    Pump(LogChannel channel, std::shared_ptr<LogChain> chain, Reactor& reactor, StdoutSink& sink,
         const Clock& clock, PumpListener& listener);

    Status adopt(UniqueFd spool);
    void promise(Promise promise);
    Status make_spool();
    bool stuck() const;
    Status take();
    Outlet::Step give(BootTime now);
    Outlet::Step give_portion(BootTime now);
    bool keep_promises();
    void plan(BootTime now);
    void retry_later(const std::string& problem, BootTime now);
    void end_trouble();
    void arm();

    const std::string service_;
    const conf::LogPolicy policy_;
    LogPositionCell& cell_;
    const std::shared_ptr<LogChain> chain_;
    Reactor& reactor_;
    StdoutSink& sink_;
    const Clock& clock_;
    PumpListener& listener_;
    SharedCounters counters_;
    Intake intake_;
    std::unique_ptr<Spool> spool_;
    bool spool_kept_ = false;
    Outlet outlet_;
    Outlet::Step last_step_ = Outlet::Step::nothing;
    size_t got_ = 0;                 // bytes that came since the last pause
    std::vector<Promise> promises_;  // few, mostly none
    bool closed_ = false;
    std::atomic<bool> watching_;
    bool lines_out_ = false;  // the consumer has lines that it has not taken
    Duration retry_delay_{};  // 0: no trouble
    std::optional<BootTime> retry_at_;
};

}  // namespace yard::engine::logs
