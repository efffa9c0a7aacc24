// A LogRouter with a real loop, real FIFOs and a temporary folder. Nothing here sleeps: wait_until() turns
// the loop until something is true, and fails the test after ten seconds.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/log_router.h"

namespace yard::engine {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "yard-log-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// What the keeper holds for one service: it outlives routers.
struct KeptService {
    UniqueFd fifo;
    UniqueFd spool;
    LogPositionCell position;
};

class LogHarness {
  public:
    explicit LogHarness(int stdout_fd = 1, const Clock* clock = nullptr)
        : stdout_fd_(stdout_fd), clock_(clock) {
        uv_loop_init(&loop_);
        uv_timer_init(&loop_, &deadline_);
        start();
    }
    ~LogHarness() {
        stop();
        uv_close(reinterpret_cast<uv_handle_t*>(&deadline_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop_), 0);
    }

    // A new engine on what the old one left.
    void start() {
        LogRouter::Callbacks callbacks;
        callbacks.on_spool_created = [this](const std::string& name, int fd) {
            kept[name].spool = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
        };
        callbacks.on_line = [this](const std::string&, const std::string& line) { watched.push_back(line); };
        callbacks.on_problem = [this](const std::string&, const std::string& message) {
            problems.push_back(message);
        };
        callbacks.on_resumed = [this](const std::string& name) { resumed.push_back(name); };
        auto created = LogRouter::create(&loop_, folder.path(), callbacks, stdout_fd_, clock_);
        ASSERT_TRUE(created.ok());
        router = std::move(created).value();
    }
    void stop() { router.reset(); }

    Status add(const std::string& name, conf::LogPolicy policy = {}) {
        KeptService& service = kept[name];
        if (!service.fifo) {
            const std::string path = folder / (name + ".fifo");
            mkfifo(path.c_str(), 0600);
            service.fifo = UniqueFd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        }
        return router->add(
            {name, std::move(policy), duplicate(service.fifo), duplicate(service.spool), &service.position});
    }

    // As the service: what does not fit into the pipe waits for the router.
    void write(const std::string& name, std::string_view text) {
        while (!text.empty()) {
            const ssize_t size = ::write(kept[name].fifo.get(), text.data(), text.size());
            if (size > 0) text.remove_prefix(static_cast<size_t>(size));
            if (size < 0) turn();
        }
    }
    // Writes as much as the pipe takes.
    size_t try_write(const std::string& name, std::string_view text) {
        const ssize_t size = ::write(kept[name].fifo.get(), text.data(), text.size());
        return size > 0 ? static_cast<size_t>(size) : 0;
    }

    void turn() {
        uv_timer_start(
            &deadline_, [](uv_timer_t*) {}, 1,
            1);  // repeats: one that is due already must not leave us waiting
        uv_run(&loop_, UV_RUN_ONCE);
    }
    ::testing::AssertionResult wait_until(const std::function<bool()>& condition) {
        const uint64_t end = uv_hrtime() + 10'000'000'000;
        while (!condition()) {
            if (uv_hrtime() > end) return ::testing::AssertionFailure() << "not within ten seconds";
            turn();
        }
        return ::testing::AssertionSuccess();
    }
    void flush() {
        bool done = false;
        router->flush([&done] { done = true; });
        ASSERT_TRUE(wait_until([&done] { return done; }));
    }
    void remove(const std::string& name) {
        bool done = false;
        router->remove(name, [&done] { done = true; });
        ASSERT_TRUE(wait_until([&done] { return done; }));
    }

    std::string log(const std::string& name) const { return read_file(folder / (name + ".log")); }

    // All lines of a query without follow, as "service: line".
    std::vector<std::string> query(LogQuery query) {
        std::vector<std::string> lines;
        bool ended = false;
        auto stream = router->query(
            std::move(query),
            [&lines](std::vector<LogLineRecord> batch) {
                for (const LogLineRecord& record : batch)
                    lines.push_back(record.service + ": " + record.line);
            },
            [&ended] { ended = true; });
        EXPECT_TRUE(stream.ok());
        EXPECT_TRUE(wait_until([&ended] { return ended; }));
        return lines;
    }

    TemporaryFolder folder;
    std::map<std::string, KeptService> kept;
    std::unique_ptr<LogRouter> router;
    std::vector<std::string> watched;
    std::vector<std::string> problems, resumed;

  private:
    static UniqueFd duplicate(const UniqueFd& fd) {
        return UniqueFd(fd ? fcntl(fd.get(), F_DUPFD_CLOEXEC, 0) : -1);
    }

    uv_loop_t loop_;
    uv_timer_t deadline_;
    int stdout_fd_;
    const Clock* clock_;
};

// A clock that only tests move, behind the time of any file; read from the log thread too.
class ManualClock : public Clock {
  public:
    BootTime now() const override { return BootTime(now_ns_.load() * Duration(1)); }
    WallTime wall_now() const override { return WallTime(now_ns_.load() * Duration(1)); }
    void advance(Duration by) { now_ns_ += by.count(); }

  private:
    std::atomic<int64_t> now_ns_{1'700'000'000'000'000'000};
};

}  // namespace yard::engine
