#include "sync_tables.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>

#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "processes.h"

namespace yard::bench {
namespace {

constexpr int kRounds = 5;

ipc::Segment make(const ipc::ObjectSpec& spec) {
    UniqueFd fd;
    Result<ipc::Segment> segment = ipc::Segment::create(spec, "bench", &fd);
    if (!segment) abort();
    return std::move(*segment);
}

// Pairs of acquire and release a second; `fairest`: least by most of the processes' shares at equal times.
double robust_mutex(int processes, uint64_t each) {
    auto* const mutex = static_cast<pthread_mutex_t*>(shared_bytes(sizeof(pthread_mutex_t)));
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    const double seconds = run_processes(processes, [&](int) {
        for (uint64_t n = 0; n < each; ++n) {
            pthread_mutex_lock(mutex);
            pthread_mutex_unlock(mutex);
        }
    });
    return static_cast<double>(each) * processes / seconds;
}

double our_lock(int processes, uint64_t each, uint32_t flags) {
    const ipc::Segment segment = make({.kind = ipc::Kind::lock, .flags = flags});
    const double seconds = run_processes(processes, [&](int i) {
        ipc::Lock lock(segment, static_cast<ipc::OwnerId>(i + 1), nullptr);
        for (uint64_t n = 0; n < each; ++n) {
            if (lock.acquire(ipc::kForever) != 0 || lock.release() != 0) abort();
        }
    });
    return static_cast<double>(each) * processes / seconds;
}

// What the luckiest of eight processes gets by what the unluckiest does, while all of them ask; and all their pairs a second.
struct Shares {
    double unfairness, rate;
};
Shares shares(uint32_t flags) {
    constexpr int kProcesses = 8;
    constexpr double kSeconds = 1;
    struct Board {
        std::atomic<int> asking;
        std::atomic<bool> over;
        uint64_t counts[kProcesses];
    };
    auto* const board = static_cast<Board*>(shared_bytes(sizeof(Board)));
    const ipc::Segment segment = make({.kind = ipc::Kind::lock, .flags = flags});
    run_processes(kProcesses, [&](int i) {
        ipc::Lock lock(segment, static_cast<ipc::OwnerId>(i + 1), nullptr);
        double end = 0;
        board->asking.fetch_add(1);
        while (!board->over.load()) {
            if (lock.acquire(ipc::kForever) != 0) abort();
            if (board->asking.load() == kProcesses) {
                ++board->counts[i];
                if (end == 0) end = now_ns() + kSeconds * 1e9;
                if (now_ns() > end) board->over.store(true);
            }
            if (lock.release() != 0) abort();
        }
    });
    const auto [least, most] = std::minmax_element(board->counts, board->counts + kProcesses);
    const uint64_t all = std::accumulate(board->counts, board->counts + kProcesses, uint64_t{0});
    return {static_cast<double>(*most) / static_cast<double>(*least), static_cast<double>(all) / kSeconds};
}

// What one set() and the waits of so many processes need of an event.
struct Flag {
    std::function<void()> set;
    std::function<void()> clear;
    std::function<void(int)> wait;
};

// From set to the last of `waiters` awake, us (median).
double wake_all(int waiters, const Flag& flag) {
    struct Board {
        std::atomic<int> awake, ready, turn;
        double result;
    };
    auto* const board = static_cast<Board*>(shared_bytes(sizeof(Board)));
    constexpr int kTurns = 200;
    run_processes(waiters + 1, [&](int i) {
        std::vector<double> times;
        for (int turn = 0; turn < kTurns; ++turn) {
            if (i > 0) {
                board->ready.fetch_add(1);
                flag.wait(i);
                board->awake.fetch_add(1);
                while (board->turn.load() <= turn) sched_yield();
                continue;
            }
            while (board->ready.load() != waiters) sched_yield();
            usleep(200 + 20 * static_cast<useconds_t>(waiters));  // they have fallen asleep
            const double begun = now_ns();
            flag.set();
            while (board->awake.load() != waiters) sched_yield();
            times.push_back(now_ns() - begun);
            flag.clear();
            board->awake.store(0);
            board->ready.store(0);
            board->turn.store(turn + 1);
        }
        if (i == 0) board->result = median(times);
    });
    return board->result / 1000;
}

double futex_event(int waiters) {
    auto* const word = static_cast<std::atomic<uint32_t>*>(shared_bytes(sizeof(uint32_t)));
    return wake_all(waiters, {[=] {
                                  word->store(1);
                                  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
                              },
                              [=] { word->store(0); },
                              [=](int) {
                                  while (word->load() == 0)
                                      syscall(SYS_futex, word, FUTEX_WAIT, 0, nullptr, nullptr, 0);
                              }});
}

double our_event(int waiters) {
    const ipc::Segment segment = make({.kind = ipc::Kind::event});
    return wake_all(waiters, {[&] { ipc::Event(segment, 1, nullptr).set(); },
                              [&] { ipc::Event(segment, 1, nullptr).clear(); },
                              [&](int i) {
                                  ipc::Event event(segment, static_cast<ipc::OwnerId>(i + 1), nullptr);
                                  if (event.wait(ipc::kForever) != 0) abort();
                              }});
}

void print_pair(const char* what, double floor, double ours) {
    std::printf("  %-44s %10.2f %10.2f %8.2f x\n", what, floor, ours, ours / floor);
    std::fflush(stdout);
}

double middle(const std::function<double()>& measure) {
    std::vector<double> values;
    for (int i = 0; i < kRounds; ++i) values.push_back(measure());
    return median(values);
}

}  // namespace

double now_ns() {
    return static_cast<double>(ipc::monotonic_now());
}

void print_locks() {
    std::printf("\nlocks                                               robust       ours\n");
    constexpr uint64_t kAlone = 5'000'000, kContended = 500'000;
    print_pair("uncontended, ns per pair", 1e9 / middle([] { return robust_mutex(1, kAlone); }),
               1e9 / middle([] { return our_lock(1, kAlone, 0); }));
    print_pair("8 processes, M pairs/s", middle([] { return robust_mutex(8, kContended); }) / 1e6,
               middle([] { return our_lock(8, kContended, 0); }) / 1e6);
    for (const bool in_order : {false, true}) {
        const Shares ours = shares(in_order ? uint32_t{ipc::kFifo} : 0);
        std::printf("  %-44s %21.2f M pairs/s, most by least %.2f\n",
                    in_order ? "8 processes that all ask, in their order" : "8 processes that all ask",
                    ours.rate / 1e6, ours.unfairness);
    }
}

void print_events() {
    std::printf("\nevent: set to the last awake, us                     futex       ours\n");
    for (const int waiters : {1, 8, 64}) {
        const std::string what = std::to_string(waiters) + " waiting";
        print_pair(what.c_str(), middle([=] { return futex_event(waiters); }),
                   middle([=] { return our_event(waiters); }));
    }
}

}  // namespace yard::bench
