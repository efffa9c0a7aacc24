#include "engine/logs/pump.h"

#include <sys/epoll.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/logs/position.h"

namespace yard::engine::logs {
namespace {

using Step = Outlet::Step;

constexpr Duration kFirstRetry = std::chrono::milliseconds(100);
constexpr Duration kLastRetry = std::chrono::seconds(5);
constexpr int kPortionsPerTurn = 4;

}  // namespace

Result<std::shared_ptr<Pump>> Pump::create(LogChannel channel, std::shared_ptr<LogChain> chain,
                                           Reactor& reactor, StdoutSink& sink, const Clock& clock,
                                           PumpListener& listener) {
    UniqueFd spool = std::move(channel.spool);
    std::shared_ptr<Pump> pump(
        new Pump(std::move(channel), std::move(chain), reactor, sink, clock, listener));
    if (!spool) return pump;
    if (Status adopted = pump->adopt(std::move(spool)); !adopted) return fail(std::move(adopted).error());
    return pump;
}

Pump::Pump(LogChannel channel, std::shared_ptr<LogChain> chain, Reactor& reactor, StdoutSink& sink,
           const Clock& clock, PumpListener& listener)
    : service_(std::move(channel.service)),
      policy_(std::move(channel.policy)),
      cell_(*channel.position),
      chain_(std::move(chain)),
      reactor_(reactor),
      sink_(sink),
      clock_(clock),
      listener_(listener),
      intake_(std::move(channel.fifo), policy_.when_full, counters_),
      outlet_(service_, policy_, chain_, cell_, counters_),
      watching_(channel.watched) {}

Status Pump::adopt(UniqueFd spool) {
    auto adopted = Spool::adopt(std::move(spool), load_position(cell_).spool_parsed);
    if (!adopted) return fail(std::move(adopted).error());
    spool_ = std::move(adopted).value();
    spool_kept_ = true;
    return outlet_.open(spool_.get());
}

void Pump::start() {
    if (policy_.to_stdout) {
        outlet_.set_printer(std::make_unique<Printer>(service_, policy_.format, reactor_, sink_, *this));
    }
    reactor_.schedule(*this);
}

void Pump::spool_is_kept() {
    spool_kept_ = true;
    reactor_.schedule(*this);
}

void Pump::lines_taken() {
    lines_out_ = false;
    reactor_.schedule(*this);
}

void Pump::reopen() {
    if (Status opened = outlet_.reopen(spool_.get()); !opened)
        listener_.problem(service_, opened.error().message);
}

void Pump::abandon() {
    outlet_.set_printer(nullptr);
    promises_.clear();
}

void Pump::promise(Promise promise) {
    if (closed_) return;  // everything was written, and another turn would come too late
    promise.at = intake_.bytes_in() + intake_.waiting();
    if (!promise.closes && !spool_ && promise.at == 0) return;  // nothing was ever written: kept already
    promises_.push_back(std::move(promise));
    reactor_.schedule(*this);
}

void Pump::turn(BootTime now) {
    const auto self = shared_from_this();  // keeping a promise may give the last other owner up
    if (!spool_ && intake_.waiting() > 0) {
        if (Status made = make_spool(); !made) retry_later(made.error().message, now);
    }
    if (!spool_) {
        if (keep_promises() && !retry_at_) arm();
        return;
    }
    if (!spool_kept_) return;
    if (Status taken = take(); !taken) return retry_later(taken.error().message, now);
    last_step_ = give(now);
    if (keep_promises()) plan(now);
}

Status Pump::make_spool() {
    if (Status opened = outlet_.open(nullptr); !opened) return opened;
    auto spool = Spool::create("yard-log-" + service_);
    if (!spool) return fail(std::move(spool).error());
    spool_ = std::move(spool).value();
    end_trouble();
    listener_.spool_created(shared_from_this(), spool_->fd());
    return Ok();
}

// Does something other than the consumer of lines (who always comes back) hold the log up?
bool Pump::stuck() const {
    return !lines_out_ && (last_step_ == Step::failed || last_step_ == Step::waiting);
}

Status Pump::take() {
    if (last_step_ == Step::progressed)
        return Ok();  // what is there comes first: the spool is no place to collect in
    if (stuck() && spool_->full() && policy_.when_full == conf::LogPolicy::WhenFull::drop_oldest) {
        if (Status dropped = outlet_.drop_oldest(*spool_); !dropped) return dropped;
    }
    const uint64_t limit =
        promises_.empty() ? std::numeric_limits<uint64_t>::max() : promises_.front().at - intake_.bytes_in();
    const auto taken = intake_.take(*spool_, limit, stuck());
    if (!taken) return fail(taken.error());
    got_ += *taken;
    return Ok();
}

Step Pump::give(BootTime now) {
    if (retry_at_ && now < *retry_at_) return Step::failed;
    Step step = Step::progressed;
    int portions = 0;
    while (portions < kPortionsPerTurn && step == Step::progressed) {
        step = lines_out_ ? Step::waiting : give_portion(now);
        if (step == Step::progressed) ++portions;
    }
    if (portions > 0 && chain_->followers > 0 && !chain_->grew.exchange(true)) listener_.grew(chain_);
    if (step != Step::failed) end_trouble();
    return step;
}

Step Pump::give_portion(BootTime now) {
    const bool ended =
        !promises_.empty() && promises_.front().ends_line && promises_.front().at == intake_.bytes_in();
    std::vector<std::string> passed;
    const Step step = outlet_.step(*spool_, ended, clock_.wall_now(), watching_ ? &passed : nullptr);
    if (outlet_.take_rotated()) listener_.rotated(chain_, service_);
    if (const auto problem = outlet_.take_problem()) {
        if (step == Step::failed) {
            retry_later(*problem, now);
        } else {
            listener_.problem(service_, *problem);
        }
    }
    lines_out_ = !passed.empty();
    if (lines_out_) listener_.lines_passed(shared_from_this(), std::move(passed));
    return step;
}

// Told once per episode. Turns that come for other reasons meanwhile do not put it off.
void Pump::retry_later(const std::string& problem, BootTime now) {
    if (retry_delay_ == Duration::zero()) listener_.stalled(service_, problem);
    if (!retry_at_ || now >= *retry_at_) {
        retry_delay_ = std::clamp(retry_delay_ * 2, kFirstRetry, kLastRetry);
        retry_at_ = now + retry_delay_;
    }
    reactor_.schedule_at(*this, *retry_at_);
}

void Pump::end_trouble() {
    if (retry_delay_ == Duration::zero()) return;
    retry_delay_ = {};
    retry_at_.reset();
    listener_.resumed(service_);
}

// False when the pump is closed.
bool Pump::keep_promises() {
    while (!promises_.empty() && last_step_ == Step::nothing && promises_.front().at == intake_.bytes_in() &&
           !intake_.dropping()) {
        const Promise kept = std::move(promises_.front());
        promises_.erase(promises_.begin());
        if (kept.closes) {
            if (spool_) spool_->release(cell_);
            outlet_.set_printer(nullptr);
            reactor_.forget_fd(intake_.fifo());
            reactor_.forget(*this);
            closed_ = true;
            return false;
        }
        if (!promises_.empty() && promises_.front().ends_line) {
            reactor_.schedule(*this);  // there may be a half line to end first
            break;
        }
    }
    return true;
}

void Pump::plan(BootTime now) {
    const bool at_promise = !promises_.empty() && promises_.front().at == intake_.bytes_in();
    if (last_step_ == Step::progressed || (last_step_ == Step::nothing && intake_.dropping())) {
        return reactor_.schedule(*this);
    }
    if (last_step_ == Step::failed) reactor_.schedule_at(*this, *retry_at_);
    if (at_promise || !intake_.can_take(*spool_, stuck())) return;
    if (got_ == 0) {
        if (last_step_ == Step::nothing) spool_->release(cell_);
        return arm();
    }
    const Duration pause = intake_.pause_after(std::exchange(got_, 0), now);
    if (pause == Duration::zero()) return reactor_.schedule(*this);
    reactor_.schedule_at(*this, now + pause);
}

void Pump::arm() {
    if (Status armed = reactor_.arm(*this, intake_.fifo(), EPOLLIN); !armed) {
        listener_.problem(service_, armed.error().message);
    }
}

}  // namespace yard::engine::logs
