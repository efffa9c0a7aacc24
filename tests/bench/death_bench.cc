// How long after SIGKILL of a holder the next one has what it held.
//   death_bench waitpid|lock|permit|lease ROUNDS    prints the median and the 99th percentile, in us
// waitpid is the floor: how long until a parent hears of it. The others work with `mutex`, `slots` or `jobs` of the daemon at
// $YARD_SOCKET. Whoever waits is asleep when the holder is killed.
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <yard.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int64_t kForever = -1;
constexpr useconds_t kFallsAsleepMicroseconds = 3'000;

struct Claim {
    std::function<bool()> hold;  // by the one that is killed
    std::function<bool(pid_t holder)> wait;
    std::function<bool()> let_go;
};

int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "death_bench: %s: %s\n", what, yard_last_error());
    std::exit(1);
}

// Returns once it holds.
pid_t start_holder(const Claim& claim) {
    int ends[2];
    if (pipe(ends) != 0) fail("pipe");
    const pid_t holder = fork();
    if (holder < 0) fail("fork");
    if (holder == 0) {
        alarm(60);
        if (!claim.hold() || write(ends[1], "", 1) != 1) fail("hold");
        for (;;) pause();
    }
    close(ends[1]);
    char byte;
    if (read(ends[0], &byte, 1) != 1) fail("no holder");
    close(ends[0]);
    return holder;
}

double round_us(const Claim& claim) {
    const pid_t holder = start_holder(claim);
    int64_t woken = 0;
    std::thread waiter([&] {
        if (!claim.wait(holder)) fail("wait");
        woken = now_ns();
    });
    usleep(kFallsAsleepMicroseconds);
    const int64_t killed = now_ns();
    kill(holder, SIGKILL);
    waiter.join();
    waitpid(holder, nullptr, 0);
    if (!claim.let_go()) fail("let go");
    return static_cast<double>(woken - killed) / 1000;
}

Claim waitpid_claim() {
    return {[] { return true; }, [](pid_t holder) { return waitpid(holder, nullptr, 0) == holder; },
            [] { return true; }};
}

Claim lock_claim(yard_client* client) {
    yard_lock* lock = nullptr;
    if (yard_lock_open(client, "mutex", &lock) != 0) fail("open");
    return {[=] { return yard_lock_acquire(lock, kForever) >= 0; },
            [=](pid_t) { return yard_lock_acquire(lock, kForever) == EOWNERDEAD; },
            [=] { return yard_lock_release(lock) == 0; }};
}

Claim permit_claim(yard_client* client) {
    yard_semaphore* slots = nullptr;
    if (yard_semaphore_open(client, "slots", &slots) != 0) fail("open");
    const auto acquire = [=] { return yard_semaphore_acquire(slots, kForever) == 0; };
    return {acquire, [=](pid_t) { return acquire(); }, [=] { return yard_semaphore_release(slots) == 0; }};
}

// The message goes round.
Claim lease_claim(yard_client* client) {
    static yard_message message;
    yard_queue* jobs = nullptr;
    if (yard_queue_open(client, "jobs", &jobs) != 0) fail("open");
    if (yard_queue_purge(jobs) < 0 || yard_queue_put(jobs, "x", 1, 0) != 0) fail("put");
    const auto lease = [=] { return yard_queue_lease(jobs, kForever, 0, &message) == 0; };
    return {lease, [=](pid_t) { return lease(); },
            [=] { return yard_queue_ack(jobs, message.id) == 0 && yard_queue_put(jobs, "x", 1, 0) == 0; }};
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, Claim (*)(yard_client*)> kinds = {
        {"lock", lock_claim}, {"permit", permit_claim}, {"lease", lease_claim}};
    const std::string kind = argc == 3 ? argv[1] : "";
    const bool floor = kind == "waitpid";
    if (!floor && !kinds.contains(kind)) return 2;
    yard_client* const client = floor ? nullptr : yard_connect(nullptr);
    if (!floor && client == nullptr) fail("connect");
    const Claim claim = floor ? waitpid_claim() : kinds.at(kind)(client);
    std::vector<double> times;
    for (int rounds = std::atoi(argv[2]); rounds > 0; --rounds) times.push_back(round_us(claim));
    std::sort(times.begin(), times.end());
    std::printf("%.1f %.1f\n", times[times.size() / 2], times[times.size() * 99 / 100]);
}
