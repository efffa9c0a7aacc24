#include "processes.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ipc/channel/event_count.h"

namespace yard::bench {
namespace {

constexpr unsigned kPatienceSeconds = 60;

void fail(const char* what) {
    std::fprintf(stderr, "ipc_bench: %s\n", what);
    std::exit(1);
}

pthread_barrier_t* make_barrier(unsigned count) {
    auto* const barrier = static_cast<pthread_barrier_t*>(shared_bytes(sizeof(pthread_barrier_t)));
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(barrier, &attributes, count);
    return barrier;
}

}  // namespace

void* shared_bytes(size_t size) {
    void* const bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) fail("no memory");
    return bytes;
}

double run_processes(int count, const std::function<void(int)>& part) {
    pthread_barrier_t* const barrier = make_barrier(static_cast<unsigned>(count));
    // Each notes its own times: on a busy machine the parent would come late.
    struct Times {
        int64_t begun, ended;
    };
    auto* const times = static_cast<Times*>(shared_bytes(static_cast<size_t>(count) * sizeof(Times)));
    std::vector<pid_t> children;
    std::fflush(stdout);
    for (int i = 0; i < count; ++i) {
        const pid_t child = fork();
        if (child < 0) fail("cannot fork");
        if (child == 0) {
            alarm(kPatienceSeconds);
            pthread_barrier_wait(barrier);
            times[i].begun = ipc::monotonic_now();
            part(i);
            times[i].ended = ipc::monotonic_now();
            _exit(0);
        }
        children.push_back(child);
    }
    bool failed = false;
    for (const pid_t child : children) {
        int status = 0;
        failed |= waitpid(child, &status, 0) != child || status != 0;
    }
    const auto first =
        std::min_element(times, times + count, [](auto& a, auto& b) { return a.begun < b.begun; });
    const auto last =
        std::max_element(times, times + count, [](auto& a, auto& b) { return a.ended < b.ended; });
    const double seconds = static_cast<double>(last->ended - first->begun) / 1e9;
    munmap(times, static_cast<size_t>(count) * sizeof(Times));
    munmap(barrier, sizeof *barrier);
    if (failed) fail("a process of the benchmark failed");
    return seconds;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace yard::bench
