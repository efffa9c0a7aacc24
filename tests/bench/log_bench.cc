// Log throughput into rotated files, next to a floor measured in the same run: a loop of read(2) and
// write(2).
//
//   log_bench [MEGABYTES] [ROUNDS]
//
// Each figure is the median of ROUNDS interleaved runs. At the end: how often the log thread wakes up with
// 1,000 services that write nothing.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/log_router.h"

namespace {

using yard::UniqueFd;
using yard::conf::LogPolicy;
using namespace yard::engine;

constexpr uint64_t kFileSize = 50 << 20;
constexpr uint32_t kKeep = 3;

double seconds_now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "yard-log-bench-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

UniqueFd make_fifo(const std::string& path) {
    if (mkfifo(path.c_str(), 0600) != 0) std::exit(1);
    return UniqueFd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

// A child that writes `total` bytes in chunks of whole lines.
pid_t start_writer(const std::string& fifo, size_t chunk, size_t total) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const int fd = open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
    std::string data;
    while (data.size() < chunk) data += std::string(99, 'x') + "\n";
    data.resize(chunk);
    data.back() = '\n';
    for (size_t done = 0; done < total; done += chunk) {
        if (write(fd, data.data(), chunk) != static_cast<ssize_t>(chunk)) _exit(1);
    }
    _exit(0);
}

using Mover = std::function<void(const Folder&, const UniqueFd& fifo, size_t total)>;

// Megabytes a second through `mover`.
double measure(size_t chunk, size_t total, const Mover& mover) {
    const Folder folder;
    const UniqueFd fifo = make_fifo(folder / "fifo");
    const pid_t writer = start_writer(folder / "fifo", chunk, total);
    const double start = seconds_now();
    mover(folder, fifo, total);
    const double taken = seconds_now() - start;
    waitpid(writer, nullptr, 0);
    return static_cast<double>(total) / taken / 1e6;
}

void move_by_read_and_write(const Folder& folder, const UniqueFd& fifo, size_t total) {
    static char buffer[64 << 10];
    const auto name = [&](uint32_t k) { return folder / (k == 0 ? "log" : "log." + std::to_string(k)); };
    UniqueFd log;
    uint64_t size = kFileSize;
    for (size_t done = 0; done < total;) {
        if (size >= kFileSize) {
            for (uint32_t k = kKeep; k-- > 0;) rename(name(k).c_str(), name(k + 1).c_str());
            log = UniqueFd(open(name(0).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
            size = 0;
        }
        pollfd ready{fifo.get(), POLLIN, 0};
        ssize_t got = read(fifo.get(), buffer, sizeof buffer);
        if (got < 0) poll(&ready, 1, -1);
        if (got <= 0) continue;
        if (write(log.get(), buffer, static_cast<size_t>(got)) != got) std::exit(1);
        done += static_cast<size_t>(got);
        size += static_cast<uint64_t>(got);
    }
}

// A loop that turns until a router has taken `total` bytes and written them.
struct Engine {
    uv_loop_t loop;
    std::unique_ptr<LogRouter> router;

    explicit Engine(const Folder& folder) {
        uv_loop_init(&loop);
        router = LogRouter::create(&loop, folder.path(), {}).value();
    }
    ~Engine() {
        router.reset();
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
    }
};

Mover router_mover(LogPolicy::Format format) {
    return [format](const Folder& folder, const UniqueFd& fifo, size_t total) {
        Engine engine(folder);
        LogPolicy policy;
        policy.format = format;
        policy.max_size = kFileSize;
        policy.keep = kKeep;
        LogPositionCell position;
        UniqueFd copy(fcntl(fifo.get(), F_DUPFD_CLOEXEC, 0));
        if (!engine.router->add({"svc", policy, std::move(copy), UniqueFd(), &position})) std::exit(1);
        uv_timer_t timer;
        uv_timer_init(&engine.loop, &timer);
        uv_timer_start(
            &timer, [](uv_timer_t*) {}, 1, 1);
        while (engine.router->counters("svc").bytes_in < total) uv_run(&engine.loop, UV_RUN_ONCE);
        bool written = false;
        engine.router->flush([&written] { written = true; });
        while (!written) uv_run(&engine.loop, UV_RUN_ONCE);
        uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    };
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

long log_thread_switches() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name, word;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name != "logs") continue;
        std::ifstream status(task.path() / "status");
        while (status >> word) {
            if (word != "voluntary_ctxt_switches:") continue;
            long count = 0;
            status >> count;
            return count;
        }
    }
    return -1;
}

void count_idle_wakeups(int services) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const Folder folder;
    std::vector<LogPositionCell> positions(services);
    Engine engine(folder);
    for (int i = 0; i < services; ++i) {
        const std::string name = "svc" + std::to_string(i);
        UniqueFd fifo = make_fifo(folder / (name + ".fifo"));
        if (!engine.router->add({name, {}, std::move(fifo), UniqueFd(), &positions[i]})) return;
    }
    bool settled = false;
    engine.router->flush([&settled] { settled = true; });
    while (!settled) uv_run(&engine.loop, UV_RUN_ONCE);
    const timespec second{1, 0};
    nanosleep(&second, nullptr);
    const long before = log_thread_switches();
    nanosleep(&second, nullptr);
    std::printf("%d idle services: %ld wake-ups of the log thread in a second\n", services,
                log_thread_switches() - before);
}

}  // namespace

int main(int argc, char** argv) {
    const size_t total = (argc > 1 ? std::stoul(argv[1]) : 500) * 1'000'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    const std::vector<std::pair<std::string, Mover>> movers = {
        {"floor (read+write)", move_by_read_and_write},
        {"raw", router_mover(LogPolicy::Format::raw)},
        {"text", router_mover(LogPolicy::Format::text)},
        {"json", router_mover(LogPolicy::Format::json)}};
    for (const size_t chunk : {size_t{4000}, size_t{100}}) {
        std::map<std::string, std::vector<double>> results;
        for (int round = 0; round < rounds; ++round) {
            for (const auto& [name, mover] : movers) {
                results[name].push_back(measure(chunk, chunk < 1000 ? total / 4 : total, mover));
            }
        }
        const double floor = median(results["floor (read+write)"]);
        std::printf("writes of %zu bytes, lines of 100:\n", chunk);
        for (const auto& [name, mover] : movers) {
            const double speed = median(results[name]);
            std::printf("  %-20s %6.0f MB/s  %.2f x floor\n", name.c_str(), speed, speed / floor);
        }
    }
    count_idle_wakeups(1000);
}
