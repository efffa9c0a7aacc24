// The log router is killed at random while a service writes; at the end every line is in the log exactly
// once.
//
//   log_kill_test raw|text|json [KILLS]     exit 0: the books balance
//   log_kill_test mutant [KILLS]            a router that reads, then writes; exit 0: the same books find it
//   out
//
// This process is the keeper: it has the FIFO, the spool and the mapped position. Each engine is a child that
// lives for some milliseconds. Files are rotated all the time (and compressed, with json).
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <uv.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "engine/log_router.h"
#include "engine/logs/compression.h"
#include "engine/logs/log_names.h"
#include "engine/logs/stamped_line.h"

namespace {

using yard::UniqueFd;
using yard::conf::LogPolicy;
using namespace yard::engine;

struct Shared {  // by all processes
    LogPositionCell position;
    std::atomic<uint64_t> lines_written;
    std::atomic<bool> stop_writing;
};

struct Case {
    LogPolicy policy;
    bool mutant = false;
    std::string folder;
    UniqueFd fifo;
    UniqueFd spool;
    Shared* shared = nullptr;
};

UniqueFd copy_of(const UniqueFd& fd) {
    return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

void nap(long microseconds) {
    const timespec time{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
    nanosleep(&time, nullptr);
}

// The service: numbered lines of many sizes, some in two halves, some in bursts.
[[noreturn]] void run_writer(const Case& test) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(test.fifo.get(), F_SETFL, 0);  // of this process's own description, see main
    std::mt19937 random(7);
    while (!test.shared->stop_writing) {
        const uint64_t number = test.shared->lines_written++;
        std::string line = std::to_string(number) + " " + std::string(random() % 400, 'x') + "\n";
        if (random() % 1000 == 0) line.insert(line.size() - 1, std::string(100'000, 'y'));
        const size_t half = random() % 8 == 0 ? line.size() / 2 : line.size();
        for (const auto& [from, to] : {std::pair{size_t{0}, half}, std::pair{half, line.size()}}) {
            for (size_t done = from; done < to;) {
                const ssize_t size = write(test.fifo.get(), line.data() + done, to - done);
                if (size > 0) done += static_cast<size_t>(size);
            }
        }
        if (random() % 200 == 0) nap(100);
    }
    _exit(0);
}

// `drain`: write everything, then end; else go on until killed.
[[noreturn]] void run_engine(const Case& test, bool drain) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    uv_loop_t loop;
    uv_loop_init(&loop);
    LogRouter::Callbacks callbacks;
    callbacks.on_problem = [](const std::string&, const std::string& message) {
        std::fprintf(stderr, "problem: %s\n", message.c_str());
    };
    auto router = LogRouter::create(&loop, test.folder, callbacks);
    if (!router) _exit(1);
    const auto added =
        (*router)->add({"svc", test.policy, copy_of(test.fifo), copy_of(test.spool), &test.shared->position});
    if (!added) {
        std::fprintf(stderr, "add: %s\n", added.error().message.c_str());
        _exit(1);
    }
    if (drain) (*router)->remove("svc", [] { _exit(0); });
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(1);
}

[[noreturn]] void run_mutant(const Case& test, bool drain) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const UniqueFd log(
        open((test.folder + "/svc.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    char buffer[64 << 10];
    while (true) {
        pollfd ready{test.fifo.get(), POLLIN, 0};
        if (poll(&ready, 1, drain ? 0 : -1) == 0) _exit(0);
        const ssize_t size = read(test.fifo.get(), buffer, sizeof buffer);
        if (size > 0 && write(log.get(), buffer, static_cast<size_t>(size)) != size) _exit(1);
    }
}

pid_t start_engine(const Case& test, bool drain) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    if (test.mutant) run_mutant(test, drain);
    run_engine(test, drain);
}

std::string read_all(int fd) {
    std::string text;
    char buffer[64 << 10];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<size_t>(size));
    return text;
}

// The log from its oldest file to the live one.
std::string whole_log(const Case& test) {
    const logs::LogNames names(test.folder + "/svc.log");
    std::string text;
    for (uint32_t k = test.policy.keep + 1; k-- > 0;) {
        const auto found = names.find(k);
        if (!found) continue;
        UniqueFd file(open(found->path.c_str(), O_RDONLY | O_CLOEXEC));
        if (found->compression != logs::Compression::none) {
            UniqueFd plain(memfd_create("plain", MFD_CLOEXEC));
            if (!logs::decompress_file(file.get(), plain.get(), found->compression))
                return "damaged " + found->path;
            lseek(plain.get(), 0, SEEK_SET);
            file = std::move(plain);
        }
        text += read_all(file.get());
    }
    return text;
}

struct Books {
    uint64_t lost = 0, doubled = 0, damaged = 0;
    bool balance() const { return lost + doubled + damaged == 0; }
};

Books audit(const Case& test) {
    Books books;
    std::vector<int> seen(test.shared->lines_written, 0);
    std::istringstream log(whole_log(test));
    uint64_t next = 0;
    for (std::string line; std::getline(log, line);) {
        if (test.policy.format != LogPolicy::Format::raw) {
            const auto stamped = logs::parse_stamped(line);
            line = stamped ? stamped->text : "";
        }
        char* end = nullptr;
        const uint64_t number = std::strtoull(line.c_str(), &end, 10);
        const bool whole = end != line.c_str() && *end == ' ' &&
                           line.find_first_not_of("xy", end - line.c_str() + 1) == line.npos;
        if (!whole || number >= seen.size() || number < next) {
            ++(whole && number < seen.size() && seen[number] > 0 ? books.doubled : books.damaged);
            continue;
        }
        ++seen[number];
        next = number + 1;
    }
    for (const int count : seen) books.lost += count == 0;
    return books;
}

bool run(Case& test, int kills) {
    std::mt19937 random(std::random_device{}());
    const pid_t writer = fork();
    if (writer == 0) {
        // A description of its own, so that it may block as services do.
        test.fifo = UniqueFd(open((test.folder + "/fifo").c_str(), O_WRONLY | O_CLOEXEC));
        run_writer(test);
    }
    for (int i = 0; i < kills; ++i) {
        const pid_t engine = start_engine(test, false);
        nap(static_cast<long>(random() % 15'000));
        kill(engine, SIGKILL);
        int status = 0;
        waitpid(engine, &status, 0);
        if (!WIFSIGNALED(status)) return false;
    }
    test.shared->stop_writing = true;
    const pid_t last = start_engine(test, false);  // lets the writer finish its line
    waitpid(writer, nullptr, 0);
    kill(last, SIGKILL);
    waitpid(last, nullptr, 0);
    int status = 0;
    waitpid(start_engine(test, true), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return false;
    const Books books = audit(test);
    std::printf("%d kills, %lu lines: %lu lost, %lu doubled, %lu damaged\n", kills,
                test.shared->lines_written.load(), books.lost, books.doubled, books.damaged);
    return books.balance() != test.mutant;
}

// One writer, many log threads, and the books; true if they are as they should be.
bool live(const std::string& kind, int kills) {
    Case test;
    test.mutant = kind == "mutant";
    test.policy.format = kind == "json"   ? LogPolicy::Format::json
                         : kind == "text" ? LogPolicy::Format::text
                                          : LogPolicy::Format::raw;
    test.policy.compress = kind == "json" ? LogPolicy::Compress::zstd : LogPolicy::Compress::none;
    test.policy.max_size = 200'000;
    test.policy.keep = 100'000;
    std::string pattern = (std::filesystem::temp_directory_path() / "yard-log-kill-XXXXXX").string();
    test.folder = mkdtemp(pattern.data());
    const std::string fifo = test.folder + "/fifo";
    if (mkfifo(fifo.c_str(), 0600) != 0) return false;
    test.fifo = UniqueFd(open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    test.spool = UniqueFd(memfd_create("spool", MFD_CLOEXEC));
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    test.shared = new (memory) Shared;
    const bool good = run(test, kills);
    if (good || test.mutant) std::filesystem::remove_all(test.folder);
    if (!good) std::printf("failed%s\n", test.mutant ? "" : ("; the files are in " + test.folder).c_str());
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "text";
    const int kills = argc > 2 ? std::atoi(argv[2]) : 200;
    // The mutant's fault shows in most lives, not in all.
    int lives = kind == "mutant" ? 10 : 1;
    while (!live(kind, kills))
        if (--lives == 0) return 1;
    return 0;
}
