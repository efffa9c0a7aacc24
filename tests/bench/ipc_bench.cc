// Messages a second through a queue, and what a lock costs, each beside a floor measured in the same run and in turns.
//   ipc_bench [PREFIX]: only the rows that begin so.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#include "ipc/channel/lock.h"
#include "ipc/channel/queue.h"
#include "ring_floor.h"

namespace yard::bench {
namespace {

using ipc::kForever;
using ipc::OwnerId;

void* shared_bytes(size_t size) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

// Starts so many processes, each of which calls its part once all are there; the seconds until the last has ended.
double run_processes(int count, const std::function<void(int)>& part) {
    auto* const barrier = static_cast<pthread_barrier_t*>(shared_bytes(sizeof(pthread_barrier_t)));
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(barrier, &attributes, static_cast<unsigned>(count) + 1);
    for (int i = 0; i < count; ++i) {
        if (fork() != 0) continue;
        pthread_barrier_wait(barrier);
        part(i);
        _exit(0);
    }
    pthread_barrier_wait(barrier);
    const int64_t begun = ipc::monotonic_now();
    while (wait(nullptr) > 0) continue;
    const double seconds = static_cast<double>(ipc::monotonic_now() - begun) / 1e9;
    munmap(barrier, sizeof *barrier);
    return seconds;
}

ipc::Segment make(const ipc::ObjectSpec& spec) {
    UniqueFd fd;
    Result<ipc::Segment> segment = ipc::Segment::create(spec, "bench", &fd);
    if (!segment) std::exit(1);
    return std::move(*segment);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Row {
    const char* name;
    const char* unit;
    std::function<double()> ours, floor;
};

// Every word of each message is written and checked.
struct Load {
    uint64_t words[8];
};

double ring_rate(int sides, uint64_t each) {
    auto* const ring = static_cast<RingFloor*>(shared_bytes(sizeof(RingFloor)));
    ring->initialise();
    const double seconds = run_processes(2 * sides, [&](int i) {
        Load load;
        for (uint64_t n = 0; n < each; ++n) {
            if (i % 2 == 0) std::fill(std::begin(load.words), std::end(load.words), n);
            i % 2 == 0 ? ring->put(&load) : ring->take(&load);
            if (load.words[0] != load.words[7]) abort();
        }
    });
    munmap(ring, sizeof *ring);
    return static_cast<double>(each) * sides / seconds / 1e6;
}

double queue_rate(int sides, uint64_t each, size_t size, uint64_t max_bytes = 0) {
    const ipc::Segment segment = make({.kind = ipc::Kind::queue,
                                       .capacity = 1024,
                                       .max_message = std::max(size, sizeof(Load)),
                                       .max_bytes = max_bytes});
    const double seconds = run_processes(2 * sides, [&](int i) {
        ipc::Queue queue(segment, static_cast<OwnerId>(i + 1), nullptr);
        std::vector<uint64_t> load(size / 8);
        const auto bytes = std::as_writable_bytes(std::span(load));
        for (uint64_t n = 0; n < each; ++n) {
            if (i % 2 == 0) {
                std::fill(load.begin(), load.end(), n);
                if (queue.put(bytes, {}, kForever) != 0) abort();
            } else if (queue.take(bytes.data(), bytes.size(), kForever) != static_cast<ptrdiff_t>(size)) {
                abort();
            }
            if (load.front() != load.back()) abort();
        }
    });
    return static_cast<double>(each) * sides / seconds / 1e6;
}

// Leases instead of takes.
double lease_rate(int sides, uint64_t each) {
    const ipc::Segment segment =
        make({.kind = ipc::Kind::queue, .capacity = 1024, .max_message = sizeof(Load)});
    const double seconds = run_processes(2 * sides, [&](int i) {
        ipc::Queue queue(segment, static_cast<OwnerId>(i + 1), nullptr);
        Load load;
        for (uint64_t n = 0; n < each; ++n) {
            if (i % 2 == 0) {
                std::fill(std::begin(load.words), std::end(load.words), n);
                queue.put(std::as_bytes(std::span(&load, 1)), {}, kForever);
                continue;
            }
            ipc::Message message;
            if (queue.lease(&message, sizeof load, kForever) != 0 || queue.ack(message.id) != 0) abort();
        }
    });
    return static_cast<double>(each) * sides / seconds / 1e6;
}

double futex_mutex_rate(int processes, uint64_t each) {
    auto* const mutex = static_cast<pthread_mutex_t*>(shared_bytes(4096));
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
    return static_cast<double>(each) * processes / seconds / 1e6;
}

double lock_rate(int processes, uint64_t each) {
    const ipc::Segment segment = make({.kind = ipc::Kind::lock});
    const double seconds = run_processes(processes, [&](int i) {
        ipc::Lock lock(segment, static_cast<OwnerId>(i + 1), nullptr);
        for (uint64_t n = 0; n < each; ++n) {
            if (lock.acquire(kForever) != 0 || lock.release() != 0) abort();
        }
    });
    return static_cast<double>(each) * processes / seconds / 1e6;
}

const Row kRows[] = {
    {"queue-1:1", "M msg/s of 64 bytes", [] { return queue_rate(1, 2'000'000, 64); },
     [] { return ring_rate(1, 4'000'000); }},
    {"queue-4:4", "M msg/s of 64 bytes", [] { return queue_rate(4, 500'000, 64); },
     [] { return ring_rate(4, 1'000'000); }},
    {"lease-1:1", "M msg/s of 64 bytes", [] { return lease_rate(1, 2'000'000); },
     [] { return ring_rate(1, 4'000'000); }},
    {"lease-4:4", "M msg/s of 64 bytes", [] { return lease_rate(4, 500'000); },
     [] { return ring_rate(4, 1'000'000); }},
    {"budget-1:1", "M msg/s of 64 bytes", [] { return queue_rate(1, 1'000'000, 64, 60'000); },
     [] { return ring_rate(1, 4'000'000); }},
    {"large-1:1", "M msg/s of 64 KiB", [] { return queue_rate(1, 50'000, 65536); }, nullptr},
    {"lock-1", "M pairs/s, one process", [] { return lock_rate(1, 10'000'000); },
     [] { return futex_mutex_rate(1, 10'000'000); }},
    {"lock-8", "M pairs/s, eight processes", [] { return lock_rate(8, 1'000'000); },
     [] { return futex_mutex_rate(8, 1'000'000); }},
};

}  // namespace
}  // namespace yard::bench

int main(int argc, char** argv) {
    const std::string_view prefix = argc > 1 ? argv[1] : "";
    std::printf("%-12s %10s %10s %7s\n", "row", "ours", "floor", "ratio");
    for (const auto& row : yard::bench::kRows) {
        if (!std::string_view(row.name).starts_with(prefix)) continue;
        std::vector<double> ours, floor;
        for (int i = 0; i < 5; ++i) {
            ours.push_back(row.ours());
            if (row.floor) floor.push_back(row.floor());
        }
        const double mine = yard::bench::median(ours);
        const double limit = floor.empty() ? 0 : yard::bench::median(floor);
        std::printf("%-12s %10.2f %10.2f %7.2f  %s\n", row.name, mine, limit, limit > 0 ? mine / limit : 0,
                    row.unit);
        std::fflush(stdout);
    }
}
