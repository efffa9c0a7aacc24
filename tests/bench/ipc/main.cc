// Channels of ours beside a floor and beside other people's, measured in one run and in turns.
//   ipc_bench [TABLE]: one of rates, large, loans, trips, locks, events, opens; default: all.
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "carrier.h"
#include "daemon_tables.h"
#include "loan_table.h"
#include "processes.h"
#include "sync_tables.h"

namespace yard::bench {
namespace {

// The best of so many counts: on an idle machine the scheduler now and then puts both sides on one processor.
constexpr int kRounds = 5;

// Every word of a small message is written and checked. Of a large one that would be most of what is measured: every byte
// is written, and the ends are checked.
bool is_whole(const std::vector<uint64_t>& words) {
    if (words.size() > 64) return words.front() == words.back();
    return std::all_of(words.begin(), words.end(), [&](uint64_t word) { return word == words[0]; });
}

double rate(const CarrierKind& kind, int sides, size_t size, uint64_t each) {
    const std::unique_ptr<Carrier> carrier = kind.make(size, sides);
    const double seconds = run_processes(2 * sides, [&](int i) {
        std::vector<uint64_t> words(size / sizeof(uint64_t));
        for (uint64_t n = 0; n < each; ++n) {
            if (i % 2 == 0) {
                std::memset(words.data(), static_cast<int>(n), size);
                carrier->send(words.data(), size);
            } else {
                carrier->receive(words.data(), size);
                if (!is_whole(words)) abort();
            }
        }
        carrier->finish();
    });
    return static_cast<double>(each) * sides / seconds;
}

// Enough messages for about a quarter of a second.
uint64_t calibrated(const CarrierKind& kind, int sides, size_t size) {
    uint64_t each = 500;
    for (;;) {
        const double seconds = static_cast<double>(each) * sides / rate(kind, sides, size, each);
        if (seconds > 0.1 || each > 4'000'000)
            return std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(each) * 0.25 / seconds));
        each *= 4;
    }
}

// The median round trip between two processes, us.
double round_trip(const CarrierKind& kind) {
    constexpr uint64_t kTrips = 5000;
    const std::unique_ptr<Carrier> there = kind.make(64, 1);
    const std::unique_ptr<Carrier> back = kind.make(64, 1);
    auto* const median_ns = static_cast<double*>(shared_bytes(sizeof(double)));
    run_processes(2, [&](int i) {
        char bytes[64] = {};
        std::vector<double> times;
        for (uint64_t n = 0; n < kTrips; ++n) {
            const double begun = now_ns();
            if (i == 0) there->send(bytes, sizeof bytes);
            if (i == 0) back->receive(bytes, sizeof bytes);
            if (i == 1) there->receive(bytes, sizeof bytes);
            if (i == 1) back->send(bytes, sizeof bytes);
            times.push_back(now_ns() - begun);
        }
        if (i == 0) *median_ns = median(times);
    });
    return *median_ns / 1000;
}

std::vector<CarrierKind> all_carriers() {
    std::vector<CarrierKind> kinds = our_carriers();
    for (auto more : {kernel_carriers(), library_carriers()})
        kinds.insert(kinds.end(), more.begin(), more.end());
    return kinds;
}

void print_rates(const char* title, int sides, size_t size, double unit) {
    std::printf("\n%s\n", title);
    std::fflush(stdout);
    std::vector<CarrierKind> kinds = all_carriers();
    std::erase_if(kinds, [&](const CarrierKind& kind) {
        return size > kind.max_size || (sides > 1 && !kind.many_to_many);
    });
    std::vector<std::vector<double>> rates(kinds.size());
    std::vector<uint64_t> each(kinds.size());
    for (int round = 0; round < kRounds; ++round) {
        for (size_t k = 0; k < kinds.size(); ++k) {
            if (!kinds[k].missing.empty()) continue;
            if (round == 0) each[k] = calibrated(kinds[k], sides, size);
            rates[k].push_back(rate(kinds[k], sides, size, each[k]));
        }
    }
    for (size_t k = 0; k < kinds.size(); ++k) {
        if (!kinds[k].missing.empty()) {
            std::printf("  %-24s skipped: %s\n", kinds[k].name.c_str(), kinds[k].missing.c_str());
        } else {
            const double value = std::ranges::max(rates[k]);
            std::printf("  %-24s %10.3f  (%.2f x the first)\n", kinds[k].name.c_str(), value / unit,
                        value / std::ranges::max(rates[0]));
        }
    }
    std::fflush(stdout);
}

void print_trips() {
    std::printf("\nround trip of 64 bytes, us (median)\n");
    for (const CarrierKind& kind : all_carriers()) {
        if (!kind.missing.empty() || kind.name.starts_with("Redis") || kind.name.starts_with("iceoryx"))
            continue;
        std::vector<double> trips;
        for (int round = 0; round < kRounds; ++round) trips.push_back(round_trip(kind));
        std::printf("  %-24s %10.2f\n", kind.name.c_str(), std::ranges::min(trips));
        std::fflush(stdout);
    }
}

// What others put into /dev/shm and the like goes with us.
void hide_shared_names() {
    if (unshare(CLONE_NEWNS | CLONE_NEWIPC) == 0 &&
        mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("yard-bench", "/dev/shm", "tmpfs", 0, nullptr) == 0) {
        return;
    }
    std::printf("without the right to mount: what others leave in /dev/shm stays there\n");
}

}  // namespace
}  // namespace yard::bench

int main(int argc, char** argv) {
    using namespace yard::bench;
    const std::string_view table = argc > 1 ? argv[1] : "";
    const auto wanted = [&](std::string_view name) { return table.empty() || table == name; };
    hide_shared_names();
    if (wanted("rates")) {
        print_rates("1:1, 64 bytes, M messages/s", 1, 64, 1e6);
        print_rates("4:4, 64 bytes, M messages/s", 4, 64, 1e6);
    }
    if (wanted("large")) print_rates("1:1, 64 KiB, GB/s", 1, 65536, 1e9 / 65536);
    if (wanted("loans")) print_loans();
    if (wanted("trips")) print_trips();
    if (wanted("locks")) print_locks();
    if (wanted("events")) print_events();
    if (wanted("opens")) print_opens();
}
