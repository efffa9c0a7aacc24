// The door's other side: keeps the table of channels, runs the log thread, and carries calls between it and
// the loop.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <thread>
#include <unordered_map>

#include "engine/log_router.h"
#include "engine/logs/compression.h"
#include "engine/logs/doorbell.h"
#include "engine/logs/loop_mailbox.h"
#include "engine/logs/pump.h"
#include "engine/logs/query_stream.h"
#include "engine/logs/reactor.h"
#include "engine/logs/stdout_sink.h"
#include "engine/loop/worker.h"

namespace yard::engine {

using namespace logs;

namespace {

const SystemClock kSystemClock;

// Signals are for the loop's thread; a write to a closed pipe or beyond RLIMIT_FSIZE is then an error, no
// signal.
std::thread start_thread(Reactor& reactor) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([&reactor] {
        pthread_setname_np(pthread_self(), "logs");
        reactor.run();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

class Router final : public LogRouter, private PumpListener {
  public:
    Router(uv_loop_s* loop, std::string log_dir, Callbacks callbacks, int stdout_fd, const Clock& clock,
           std::unique_ptr<LoopMailbox> mailbox, std::unique_ptr<Reactor> reactor)
        : loop_(loop),
          log_dir_(std::move(log_dir)),
          callbacks_(std::make_shared<Callbacks>(std::move(callbacks))),
          clock_(clock),
          mailbox_(std::move(mailbox)),
          reactor_(std::move(reactor)),
          sink_(*reactor_, stdout_fd,
                [this](const std::string& why) { problem("", "standard output: " + why); }),
          thread_(start_thread(*reactor_)) {}

    // Before the first add().
    Status open_doorbell() {
        auto doorbell = Doorbell::create(loop_, [this](void* log) { wake(*static_cast<Log*>(log)); });
        if (!doorbell) return fail(std::move(doorbell).error());
        doorbell_ = std::move(doorbell).value();
        return Ok();
    }

    ~Router() override {
        reactor_->stop();
        thread_.join();
        // Calls that nobody will run keep pumps alive beyond what these refer to.
        for (const auto& [service, log] : logs_) {
            if (log.pump) log.pump->abandon();
        }
    }

    Status add(LogChannel channel) override;
    void remove(const std::string& service, std::function<void()> done) override;
    void process_ended(const std::string& service) override {
        doorbell_->answer();  // its last words may be its first
        const auto found = logs_.find(service);
        if (found != logs_.end() && found->second.pump) ended_.push_back(found->second.pump);
    }
    void end_turn() override;
    void watch_lines(const std::string& service, bool on) override {
        if (on) {
            watched_.insert(service);
        } else {
            watched_.erase(service);
        }
        const auto found = logs_.find(service);
        if (found == logs_.end()) return;
        if (found->second.silent) found->second.silent->watched = on;
        if (found->second.pump) found->second.pump->watch_lines(on);
    }
    LogCounters counters(const std::string& service) const override;
    std::string trouble(const std::string& service) const override {
        const auto found = logs_.find(service);
        return found == logs_.end() ? "" : found->second.trouble;
    }
    void reopen() override;
    void flush(std::function<void()> done) override;
    Result<std::unique_ptr<Stream>> query(LogQuery query,
                                          std::function<void(std::vector<LogLineRecord>)> on_lines,
                                          std::function<void()> on_end) override;

  private:
    // Of PumpListener, in the log thread.
    void spool_created(std::shared_ptr<Pump> pump, int spool_fd) override;
    void lines_passed(std::shared_ptr<Pump> pump, std::vector<std::string> lines) override;
    void problem(const std::string& service, const std::string& message) override;
    void stalled(const std::string& service, const std::string& message) override;
    void resumed(const std::string& service) override;
    void rotated(std::shared_ptr<LogChain> chain, const std::string& service) override;
    void grew(std::shared_ptr<LogChain> chain) override;

    struct Log {
        std::shared_ptr<LogChain> chain;  // once it is written or read
        bool raw = true;
        std::unique_ptr<LogChannel> silent;  // until its first byte
        std::string trouble;
        std::shared_ptr<Pump> pump;  // from then on; neither: the service is gone; its log is still read
    };
    template <typename Call>
    void with_pump(const std::string& service, Call call) {
        const auto found = logs_.find(service);
        if (found == logs_.end() || !found->second.pump) return;
        reactor_->post([pump = found->second.pump, call] { call(*pump); });
    }
    // One word to the log thread, however many there are.
    template <typename Call>
    void with_all_pumps(Call call) {
        std::vector<std::shared_ptr<Pump>> pumps;
        for (const auto& [service, log] : logs_) {
            if (log.pump) pumps.push_back(log.pump);
        }
        reactor_->post([pumps = std::move(pumps), call] {
            std::ranges::for_each(pumps, [&](auto& one) { call(*one); });
        });
    }
    std::string full_path(const std::string& service, const std::string& path) const {
        return path.empty() ? log_dir_ + "/" + service + ".log" : path;
    }
    Log& log_of(const std::string& service, const std::string& path);
    Log& prepare_log(const std::string& service, const conf::LogPolicy& policy);
    Log& log_to_read(const std::string& service);
    Status begin(LogChannel channel);
    void wake(Log& log);
    void compress(std::shared_ptr<LogChain> chain, const std::string& service);
    // Runs `call` on the loop thread when the last copy of the token is gone.
    Pump::Token when_dropped(std::function<void()> call) {
        return Pump::Token(nullptr, [this, call = std::move(call)](void*) { mailbox_->post(call); });
    }

    uv_loop_s* loop_;
    std::string log_dir_;
    std::shared_ptr<Callbacks> callbacks_;  // for worker jobs that end after this: they hold it weakly
    const Clock& clock_;
    std::set<std::string> watched_;
    std::vector<std::shared_ptr<Pump>> ended_;  // whose process did, in this turn
    std::vector<QueryStream*> streams_;
    // In order of need: the sink refers to the reactor, pumps to both, and their tokens to the mailbox.
    std::unique_ptr<LoopMailbox> mailbox_;
    std::unique_ptr<Reactor> reactor_;
    StdoutSink sink_;
    std::unique_ptr<Doorbell> doorbell_;
    std::unordered_map<std::string, Log> logs_;
    std::thread thread_;
};

Router::Log& Router::log_of(const std::string& service, const std::string& path) {
    const std::string full = full_path(service, path);
    Log& log = logs_[service];
    if (!log.chain || log.chain->path() != full) log.chain = std::make_shared<LogChain>(full);
    return log;
}

Router::Log& Router::prepare_log(const std::string& service, const conf::LogPolicy& policy) {
    Log& log = log_of(service, policy.path);
    log.raw = policy.format == conf::LogPolicy::Format::raw;
    log.chain->configure(policy.keep, policy.compress);
    if (policy.to_file) log.chain->recover_when_used();
    return log;
}

Router::Log& Router::log_to_read(const std::string& service) {
    const auto found = logs_.find(service);
    if (found == logs_.end()) return log_of(service, "");
    const LogChannel* silent = found->second.silent.get();
    return silent != nullptr ? prepare_log(service, silent->policy) : found->second;
}

Status Router::add(LogChannel channel) {
    const std::string service = channel.service;
    const auto known = logs_.find(service);
    if (known != logs_.end() && (known->second.pump || known->second.silent))
        return fail("the log of " + service + " is at work already");
    const conf::LogPolicy& policy = channel.policy;
    if (policy.to_file) {
        const LogChain chain(full_path(service, policy.path));
        if (Status ready = chain.check_folder(); !ready) return ready;
    }
    if (channel.watched) watched_.insert(service);
    if (policy.compress != Compression::none) compress(prepare_log(service, policy).chain, service);
    // Standard output makes its columns as wide as the names it may have to show.
    if (channel.spool || policy.to_stdout) return begin(std::move(channel));
    Log& log = logs_[service];
    if (Status watched = doorbell_->add(channel.fifo.get(), &log); !watched) return watched;
    log.silent = std::make_unique<LogChannel>(std::move(channel));
    return Ok();
}

Status Router::begin(LogChannel channel) {
    const std::string service = channel.service;
    Log& log = prepare_log(service, channel.policy);
    auto pump = Pump::create(std::move(channel), log.chain, *reactor_, sink_, clock_, *this);
    if (!pump) return fail(std::move(pump).error());
    log.pump = *pump;
    with_pump(service, [](Pump& started) { started.start(); });
    return Ok();
}

void Router::wake(Log& log) {
    LogChannel channel = std::move(*std::exchange(log.silent, nullptr));
    doorbell_->remove(channel.fifo.get());
    const std::string service = channel.service;
    if (Status begun = begin(std::move(channel)); !begun) problem(service, begun.error().message);
}

void Router::end_turn() {
    if (ended_.empty()) return;
    reactor_->post([ended = std::exchange(ended_, {})] {
        for (const auto& pump : ended) pump->process_ended();
    });
}

void Router::remove(const std::string& service, std::function<void()> done) {
    end_turn();
    doorbell_->answer();
    if (const auto found = logs_.find(service); found != logs_.end() && found->second.silent)
        doorbell_->remove(found->second.silent->fifo.get());
    auto token = when_dropped([this, service, done = std::move(done)] {
        logs_[service].silent = nullptr;
        logs_[service].pump = nullptr;
        logs_[service].trouble.clear();
        if (done) done();
    });
    with_pump(service, [token = std::move(token)](Pump& pump) { pump.close(token); });
}

LogCounters Router::counters(const std::string& service) const {
    const auto found = logs_.find(service);
    return found == logs_.end() || !found->second.pump ? LogCounters{}
                                                       : found->second.pump->counters().read();
}

void Router::reopen() {
    with_all_pumps([](Pump& pump) { pump.reopen(); });
}

void Router::flush(std::function<void()> done) {
    end_turn();
    doorbell_->answer();
    const auto token = when_dropped(std::move(done));
    with_all_pumps([token](Pump& pump) { pump.flush(token); });
}

Result<std::unique_ptr<LogRouter::Stream>> Router::query(
    LogQuery query, std::function<void(std::vector<LogLineRecord>)> on_lines, std::function<void()> on_end) {
    auto filter = LineFilter::create(query.grep);
    if (!filter) return fail(std::move(filter).error());
    std::vector<LogSource> sources;
    std::vector<std::shared_ptr<LogChain>> chains;
    for (const std::string& service : query.services) {
        const Log& log = log_to_read(service);
        if (Status readable = log.chain->check_readable(); !readable) return fail(readable.error());
        sources.push_back({service, LogHistory(log.chain, log.raw)});
        chains.push_back(log.chain);
    }
    auto stream = std::make_unique<QueryStream>(
        loop_, *mailbox_, LogMerge(std::move(sources), std::move(filter).value(), query), std::move(chains),
        query.follow,
        QueryStream::Handlers{std::move(on_lines), std::move(on_end),
                              [this](QueryStream* gone) { std::erase(streams_, gone); }});
    streams_.push_back(stream.get());
    return std::unique_ptr<Stream>(std::move(stream));
}

void Router::spool_created(std::shared_ptr<Pump> pump, int spool_fd) {
    mailbox_->post([this, pump, spool_fd] {
        if (callbacks_->on_spool_created) callbacks_->on_spool_created(pump->service(), spool_fd);
        reactor_->post([pump] { pump->spool_is_kept(); });
    });
}

void Router::lines_passed(std::shared_ptr<Pump> pump, std::vector<std::string> lines) {
    mailbox_->post([this, pump, lines = std::move(lines)] {
        for (const std::string& line : lines) {
            if (callbacks_->on_line && watched_.contains(pump->service()))
                callbacks_->on_line(pump->service(), line);
        }
        reactor_->post([pump] { pump->lines_taken(); });
    });
}

void Router::problem(const std::string& service, const std::string& message) {
    mailbox_->post([this, service, message] {
        if (callbacks_->on_problem) callbacks_->on_problem(service, message);
    });
}

void Router::stalled(const std::string& service, const std::string& message) {
    mailbox_->post([this, service, message] { logs_[service].trouble = message; });
    problem(service, message);
}

void Router::resumed(const std::string& service) {
    mailbox_->post([this, service] {
        logs_[service].trouble.clear();
        if (callbacks_->on_resumed) callbacks_->on_resumed(service);
    });
}

void Router::rotated(std::shared_ptr<LogChain> chain, const std::string& service) {
    mailbox_->post([this, chain = std::move(chain), service] { compress(chain, service); });
}

void Router::compress(std::shared_ptr<LogChain> chain, const std::string& service) {
    if (!chain->has_compression()) return;
    auto result = std::make_shared<Status>(Ok());
    run_in_worker(
        loop_, [chain, result] { *result = compress_rotated(*chain); },
        [result, service, callbacks = std::weak_ptr(callbacks_)] {
            const auto listener = callbacks.lock();
            if (!*result && listener && listener->on_problem)
                listener->on_problem(service, result->error().message);
        });
}

void Router::grew(std::shared_ptr<LogChain> chain) {
    mailbox_->post([this, chain = std::move(chain)] {
        chain->grew = false;
        for (QueryStream* stream : std::vector(streams_)) stream->grew(*chain);
    });
}

}  // namespace

Result<std::unique_ptr<LogRouter>> LogRouter::create(uv_loop_s* loop, std::string log_dir,
                                                     Callbacks callbacks, int stdout_fd, const Clock* clock) {
    auto mailbox = LoopMailbox::create(loop);
    if (!mailbox) return fail(std::move(mailbox).error());
    auto reactor = Reactor::create();
    if (!reactor) return fail(std::move(reactor).error());
    auto router = std::make_unique<Router>(loop, std::move(log_dir), std::move(callbacks), stdout_fd,
                                           clock != nullptr ? *clock : kSystemClock,
                                           std::move(mailbox).value(), std::move(reactor).value());
    if (Status opened = router->open_doorbell(); !opened) return fail(std::move(opened).error());
    return std::unique_ptr<LogRouter>(std::move(router));
}

}  // namespace yard::engine
