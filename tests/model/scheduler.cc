#include "scheduler.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdarg>

#include "model_step.h"

namespace yard::model {
namespace {

constexpr size_t kStack = 64 << 10;
constexpr uint64_t kMostSteps = 20'000;  // more in one run: it goes round in circles
constexpr int64_t kStart = 1'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

Scheduler* scheduler = nullptr;

void step() {
    if (scheduler != nullptr && scheduler->in_fiber()) scheduler->step();
}

void Scheduler::add(std::function<void()> body, std::function<void()> when_killed) {
    auto fiber = std::make_unique<Fiber>();
    fiber->body = std::move(body);
    fiber->killable = static_cast<bool>(when_killed);
    fiber->when_killed = std::move(when_killed);
    if (stacks_.empty()) {
        fiber->stack = std::make_unique<char[]>(kStack);
    } else {
        fiber->stack = std::move(stacks_.back());
        stacks_.pop_back();
    }
    fibers_.push_back(std::move(fiber));
}

Ending Scheduler::ending(size_t fiber) const {
    switch (fibers_[fiber]->state) {
        case Fiber::finished:
            return Ending::finished;
        case Fiber::killed:
            return Ending::killed;
        case Fiber::ready:
        case Fiber::asleep:
            break;
    }
    return Ending::asleep;
}

// The first choice is what happens by itself.
unsigned Scheduler::decide(unsigned choices) {
    if (choices == 1) return 0;
    if (depth_ == path_.size()) path_.push_back({0, choices});
    return path_[depth_++].chosen;
}

std::vector<Scheduler::Fiber*> Scheduler::ready_but(const Fiber* one) const {
    std::vector<Fiber*> found;
    for (const auto& fiber : fibers_) {
        if (fiber.get() != one && fiber->state == Fiber::ready) found.push_back(fiber.get());
    }
    return found;
}

void Scheduler::step() {
    if (++steps_ > kMostSteps) {
        endless_ = "it goes round in circles";
        _longjmp(main_, 1);
    }
    const bool may_switch = preemptions_ < bounds_.preemptions;
    const bool may_die = kills_ < bounds_.kills && current_->killable;
    if (!may_switch && !may_die) return;
    std::vector<Fiber*> others;
    if (may_switch) others = ready_but(current_);
    const auto switches = static_cast<unsigned>(others.size());
    const unsigned choice = decide(1 + switches + may_die);
    if (choice == 0) return;
    if (choice <= switches) {
        ++preemptions_;
        return switch_to(others[choice - 1]);
    }
    ++kills_;
    current_->state = Fiber::killed;
    add(current_->when_killed, {});
    go_on_with_another();
}

void Scheduler::switch_to(Fiber* fiber) {
    if (current_ == nullptr || current_->state == Fiber::killed || _setjmp(current_->place) == 0)
        resume(fiber);
}

void Scheduler::resume(Fiber* fiber) {
    current_ = fiber;
    if (fiber->begun) _longjmp(fiber->place, 1);
    fiber->begun = true;
    ucontext_t start;
    getcontext(&start);
    start.uc_stack.ss_sp = fiber->stack.get();
    start.uc_stack.ss_size = kStack;
    start.uc_link = nullptr;
    makecontext(&start, &Scheduler::enter, 0);
    setcontext(&start);
}

void Scheduler::enter() {
    scheduler->current_->body();
    scheduler->current_->state = Fiber::finished;
    scheduler->go_on_with_another();
}

// The current one cannot go on.
void Scheduler::go_on_with_another() {
    std::vector<Fiber*> others = ready_but(current_);
    if (others.empty() && let_time_pass()) others = ready_but(nullptr);
    if (others.empty()) _longjmp(main_, 1);
    Fiber* const next = others[decide(static_cast<unsigned>(others.size()))];
    if (next != current_) switch_to(next);
}

// Nobody can go on: the one whose time comes first wakes up. False: nobody waits for a time.
bool Scheduler::let_time_pass() {
    const auto first = std::min_element(sleepers_.begin(), sleepers_.end(),
                                        [](const Fiber* a, const Fiber* b) { return a->until < b->until; });
    if (first == sleepers_.end() || (*first)->until == INT64_MAX) return false;
    now_ = std::max(now_, (*first)->until);
    (*first)->timed_out = true;
    (*first)->state = Fiber::ready;
    sleepers_.erase(first);
    return true;
}

int Scheduler::wait(const void* address, uint32_t expected, int64_t until) {
    if (*static_cast<const volatile uint32_t*>(address) != expected) {
        errno = EAGAIN;
        return -1;
    }
    if (current_ == nullptr) {  // when all is over, time passes at once
        now_ = until;
        errno = ETIMEDOUT;
        return -1;
    }
    current_->state = Fiber::asleep;
    current_->address = address;
    current_->until = until;
    current_->timed_out = false;
    sleepers_.push_back(current_);
    go_on_with_another();
    if (!current_->timed_out) return 0;
    errno = ETIMEDOUT;
    return -1;
}

int Scheduler::wake(const void* address, int count) {
    int woken = 0;
    for (auto at = sleepers_.begin(); at != sleepers_.end() && woken < count;) {
        if ((*at)->address != address) {
            ++at;
            continue;
        }
        (*at)->state = Fiber::ready;
        at = sleepers_.erase(at);
        ++woken;
    }
    return woken;
}

void Scheduler::run_one() {
    if (_setjmp(main_) == 0) go_on_with_another();
    current_ = nullptr;
}

bool Scheduler::next_schedule() {
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().choices) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
}

std::string Scheduler::schedule() const {
    std::string text;
    for (size_t i = 0; i < depth_; ++i) {
        if (path_[i].chosen != 0) text += " " + std::to_string(i) + ":" + std::to_string(path_[i].chosen);
    }
    return text;
}

Explored Scheduler::explore(const std::function<void()>& begin, const std::function<std::string()>& check) {
    Explored explored;
    scheduler = this;
    do {
        for (auto& fiber : fibers_) stacks_.push_back(std::move(fiber->stack));
        fibers_.clear();
        sleepers_.clear();
        depth_ = preemptions_ = kills_ = 0;
        steps_ = 0;
        now_ = kStart;
        begin();
        run_one();
        ++explored.runs;
        explored.steps += steps_;
        explored.longest = std::max(explored.longest, steps_);
        explored.complaint = endless_.empty() ? check() : endless_;
        if (!explored.complaint.empty()) explored.complaint += "; decisions" + schedule();
    } while (explored.complaint.empty() && next_schedule());
    scheduler = nullptr;
    return explored;
}

}  // namespace yard::model

// ---- What the code believes to be the kernel.

extern "C" {

int __wrap_clock_gettime(clockid_t, timespec* time) {
    const int64_t now =
        yard::model::scheduler != nullptr ? yard::model::scheduler->now() : yard::model::kStart;
    *time = {now / yard::model::kSecond, now % yard::model::kSecond};
    return 0;
}

long __wrap_syscall(long number, const void* address, int operation, uint32_t value, const timespec* until,
                    ...) {
    yard::model::Scheduler* const scheduler = yard::model::scheduler;
    if (number != SYS_futex || scheduler == nullptr) return 0;
    if (operation == FUTEX_WAKE) return scheduler->wake(address, static_cast<int>(value));
    return scheduler->wait(
        address, value, until == nullptr ? INT64_MAX : until->tv_sec * yard::model::kSecond + until->tv_nsec);
}
}
