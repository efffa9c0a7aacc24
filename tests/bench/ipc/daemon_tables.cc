#include "daemon_tables.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yard.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "processes.h"
#include "sync_tables.h"

namespace yard::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kOpens = 500;
constexpr int kClients = 200;
constexpr size_t kBytes = 65536;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "ipc_bench: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

// The floor: a server that answers any request with the descriptor of one memory.
class FdServer {
  public:
    explicit FdServer(const fs::path& path) : address_{AF_UNIX, {}} {
        std::strncpy(address_.sun_path, path.c_str(), sizeof address_.sun_path - 1);
        const int memory = memfd_create("bench", MFD_CLOEXEC);
        const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (ftruncate(memory, kBytes) != 0 ||
            bind(listening, reinterpret_cast<sockaddr*>(&address_), sizeof address_) != 0 ||
            listen(listening, 100) != 0)
            fail("cannot serve");
        server_ = fork();
        if (server_ == 0) serve(listening, memory);
        close(listening);
        close(memory);
    }
    ~FdServer() {
        kill(server_, SIGKILL);
        waitpid(server_, nullptr, 0);
    }

    void open() const {
        const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0 ||
            write(connection, "open\n", 5) != 5)
            fail("cannot ask the floor");
        Passing passing;
        if (recvmsg(connection, &passing.message, MSG_CMSG_CLOEXEC) != 1) fail("no answer from the floor");
        int memory = -1;
        std::memcpy(&memory, CMSG_DATA(CMSG_FIRSTHDR(&passing.message)), sizeof memory);
        void* const bytes = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        if (bytes == MAP_FAILED) fail("cannot map");
        *static_cast<volatile char*>(bytes) = 1;
    }

  private:
    struct Passing {
        Passing() {
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control;
            message.msg_controllen = sizeof control;
        }
        char byte = 0;
        iovec part{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
    };

    [[noreturn]] static void serve(int listening, int memory) {
        for (;;) {
            const int connection = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
            char request[16];
            if (read(connection, request, sizeof request) <= 0) _exit(1);
            Passing passing;
            cmsghdr* const header = CMSG_FIRSTHDR(&passing.message);
            *header = {CMSG_LEN(sizeof memory), SOL_SOCKET, SCM_RIGHTS};
            std::memcpy(CMSG_DATA(header), &memory, sizeof memory);
            if (sendmsg(connection, &passing.message, 0) != 1) _exit(1);
            close(connection);
        }
    }

    sockaddr_un address_;
    pid_t server_ = -1;
};

// A daemon of our own with one queue and nothing to run.
class Daemon {
  public:
    explicit Daemon(const fs::path& folder) : socket_(folder / "run/control.sock") {
        const fs::path config = folder / "yard.yaml";
        std::ofstream(config) << "version: 1\nservices: {}\nipc: {jobs: {queue: {}}}\n";
        const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "supervisord";
        const std::string run = folder / "run", state = folder / "state";
        const char* const words[] = {program.c_str(), "-c",          config.c_str(), "--runtime-dir",
                                     run.c_str(),     "--state-dir", state.c_str(),  nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (const int fd : {1, 2}) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
        if (posix_spawn(&keeper_, program.c_str(), &actions, nullptr, const_cast<char* const*>(words),
                        environ) != 0)
            fail("cannot start the daemon");
        posix_spawn_file_actions_destroy(&actions);
        wait_until_it_answers();
    }
    ~Daemon() {
        kill(keeper_, SIGTERM);
        waitpid(keeper_, nullptr, 0);
    }

    void open() const {
        yard_client* const client = yard_connect(socket_.c_str());
        yard_queue* queue = nullptr;
        if (client == nullptr || yard_queue_open(client, "jobs", &queue) != 0) fail(yard_last_error());
    }

    // Of keeper and engine.
    double pss_kib() const {
        double sum = pss_kib(keeper_);
        const std::string task = std::to_string(keeper_);
        std::ifstream children("/proc/" + task + "/task/" + task + "/children");
        for (pid_t child; children >> child;) sum += pss_kib(child);
        return sum;
    }

  private:
    void wait_until_it_answers() const {
        for (int i = 0; i < 1000; ++i) {
            yard_client* const client = yard_connect(socket_.c_str());
            yard_disconnect(client);
            if (client != nullptr) return;
            usleep(10'000);
        }
        fail("the daemon does not answer");
    }
    static double pss_kib(pid_t pid) {
        std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
        for (std::string line; std::getline(rollup, line);)
            if (line.starts_with("Pss:")) return std::stod(line.substr(4));
        return 0;
    }

    std::string socket_;
    pid_t keeper_ = -1;
};

// How long a fresh process takes for its first open, us.
double first_open(const std::function<void()>& open) {
    auto* const time = static_cast<double*>(shared_bytes(sizeof(double)));
    run_processes(1, [&](int) {
        const double begun = now_ns();
        open();
        *time = now_ns() - begun;
    });
    usleep(2000);  // the end of this process is heard of
    const double took = *time;
    munmap(time, sizeof *time);
    return took / 1000;
}

void print_memory(const Daemon& daemon) {
    const double idle = daemon.pss_kib();
    auto* const with_clients = static_cast<double*>(shared_bytes(sizeof(double)));
    int filled[2], done[2];
    if (pipe(filled) != 0 || pipe(done) != 0) fail("pipe");
    run_processes(kClients + 1, [&](int i) {
        char bytes[kClients] = {};
        if (i < kClients) {
            daemon.open();
            if (write(filled[1], bytes, 1) != 1 || read(done[0], bytes, 1) != 1) abort();
            return;
        }
        for (int n = 0; n < kClients; ++n)
            if (read(filled[0], bytes, 1) != 1) abort();
        *with_clients = daemon.pss_kib();
        if (write(done[1], bytes, kClients) != kClients) abort();
    });
    std::printf("  %-44s %10.2f\n", "keeper and engine idle, PSS MiB", idle / 1024);
    std::printf("  %-44s %10.2f\n", "of both for each of 200 clients, KiB",
                (*with_clients - idle) / kClients);
}

}  // namespace

void print_opens() {
    char folder[] = "/tmp/yard-bench-XXXXXX";
    if (mkdtemp(folder) == nullptr) fail("mkdtemp");
    {
        const FdServer server(fs::path(folder) / "floor");
        const Daemon daemon(folder);
        std::vector<double> floor, ours;
        for (int i = 0; i < kOpens; ++i) {
            floor.push_back(first_open([&] { server.open(); }));
            ours.push_back(first_open([&] { daemon.open(); }));
        }
        std::printf("\nthe daemon                                           floor       ours\n");
        std::printf("  %-44s %10.1f %10.1f %8.2f x\n", "open from a fresh process, us", median(floor),
                    median(ours), median(ours) / median(floor));
        print_memory(daemon);
    }
    fs::remove_all(folder);
}

}  // namespace yard::bench
