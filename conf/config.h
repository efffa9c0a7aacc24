// What a configuration means, as plain values: the loader (conf/loader.h) makes it, everything else reads it.
// No YAML type is known outside conf/. Every value is already checked against its range by conf/schema.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace yard::conf {

using Milliseconds = std::chrono::milliseconds;

// When a dependency counts as met.
enum class Condition : uint8_t {
    started,    // its process runs (exec succeeded)
    ready,      // it is `running`, or `completed` (the default)
    completed,  // it is a one-shot that succeeded
};

struct Dependency {
    std::string service;  // a service name; with `instances`, all of its instances
    Condition condition = Condition::ready;
};

struct RestartPolicy {
    enum class When : uint8_t { no, on_failure, always, unless_stopped };
    When when = When::on_failure;
    Milliseconds delay{100};
    Milliseconds max_delay{30'000};
    double factor = 2.0;
    double jitter = 0.10;  // the delay is multiplied by a random number in [1 - jitter, 1 + jitter]
    uint32_t burst = 5;    // failures in `window` after which the service is `failed`; 0 = no limit
    Milliseconds window{60'000};
    bool immediate = true;             // the first restart after health comes without delay
    Milliseconds reset_after{10'000};  // this long in `running` counts as health: delay and burst begin anew
};

struct Readiness {
    enum class Kind : uint8_t { none, notify, fd, tcp, unix_socket, http, exec, log, file };
    Kind kind = Kind::none;
    int fd = -1;                       // fd
    std::string target;                // tcp "host:port", unix/file path, http URL, log regular expression
    std::vector<std::string> command;  // exec
    Milliseconds timeout{30'000};      // 0 = wait for ever
    Milliseconds interval{200};        // between two attempts of tcp, unix, http, exec, file
    Milliseconds watchdog{0};          // notify only: the service must send WATCHDOG=1 this often; 0 = off
};

struct StopPolicy {
    int signal = 15;
    Milliseconds timeout{10'000};      // then SIGKILL for the whole tree; 0 = at once
    bool to_tree = false;              // `to: tree`: the stop signal goes to every process of the service
    std::vector<std::string> command;  // run first, if given, instead of the signal
};

// How `ctl reload NAME` asks it to read its own files again: by one of both; by none it cannot be asked.
struct ReloadPolicy {
    int signal = 0;
    std::vector<std::string> command;
};

struct LogPolicy {
    enum class Format : uint8_t { raw, text, json };
    enum class Compress : uint8_t { none, gzip, zstd };
    enum class WhenFull : uint8_t { block, drop_oldest, drop_newest };
    bool to_file = true;
    bool to_stdout = false;           // the daemon's own stdout, each line behind "<service> | "
    Format format = Format::raw;      // `timestamps: true` means text: "2026-01-31T12:00:00.123Z line"
    std::string path;                 // empty: <state dir>/log/<service>.log
    uint64_t max_size = 50ull << 20;  // bytes; 0 = never rotate by size
    std::chrono::seconds max_age{0};  // rotate when the file is this old; 0 = never by age
    uint32_t keep = 10;               // rotated files kept
    Compress compress = Compress::none;
    WhenFull when_full = WhenFull::block;
};

struct Rlimit {
    int resource = 0;   // RLIMIT_*
    uint64_t soft = 0;  // RLIM_INFINITY for "unlimited"
    uint64_t hard = 0;
};

struct Scheduling {
    enum class Policy : uint8_t { inherit, other, batch, idle, fifo, round_robin };
    Policy policy = Policy::inherit;
    int priority = 0;  // 1..99 for fifo and rr
};

struct IoPriority {
    enum class Class : uint8_t { inherit, realtime, best_effort, idle };
    Class io_class = Class::inherit;
    int level = 4;  // 0 (first) .. 7
};

// What a service does with an object; for people, and checked against the kind. All but `read` may write.
enum class ObjectUse : uint8_t { consume, produce, use, read, write };

constexpr const char* use_word(ObjectUse use) {
    constexpr const char* kWords[] = {"consume", "produce", "use", "read", "write"};
    return kWords[static_cast<size_t>(use)];
}

// A channel object that is declared in a file.
struct ObjectConfig {
    enum class Kind : uint8_t { queue, semaphore, lock, event, shm, pipe };
    enum class Full : uint8_t { block, fail, drop_oldest, drop_newest };
    struct Queue {
        uint32_t capacity = 1024;
        uint64_t max_message = 64 << 10;
        uint64_t max_bytes = 0;  // 0: no limit but the others
        bool priorities = false;
        Full full = Full::block;
        Milliseconds ttl{0};          // 0: for ever
        uint32_t max_deliveries = 0;  // 0: without end
        std::string dead_letter;      // a queue; empty: dead messages are dropped
    };
    struct Semaphore {
        uint32_t value = 1;
        uint32_t max = 0;  // 0: no limit of its own
        bool signal = false;
    };
    std::string name;
    Kind kind = Kind::queue;
    Queue queue;  // these are of their kinds
    Semaphore semaphore;
    bool lock_fifo = false;
    bool event_set = false;
    uint64_t shm_size = 0;
    std::string owner, group;  // names or numbers; empty: the daemon's own
    uint32_t mode = 0600;
};

struct ServiceConfig {
    std::string name;
    std::string description;
    std::vector<std::string> command;        // never empty; `shell: X` is {"/bin/sh", "-c", X}
    std::string cwd;                         // empty: the daemon's
    std::map<std::string, std::string> env;  // env_file contents merged in, `env` wins
    std::string user, group;                 // names or numbers; empty: the daemon's own
    std::optional<std::vector<std::string>> supplementary_groups;  // none: those of the user
    std::optional<int> nice;
    IoPriority ionice;
    Scheduling scheduling;
    std::vector<int> cpu_affinity;  // CPU numbers; empty: inherit
    std::optional<int> oom_score_adj;
    std::optional<uint32_t> umask;
    std::vector<Rlimit> limits;
    bool no_new_privs = false;

    bool autostart = true;
    bool oneshot = false;
    uint32_t instances = 1;         // > 1: NAME@1 .. NAME@n
    Milliseconds min_uptime{1000};  // an exit before this counts as a failed start
    std::vector<int> success_codes{0};
    std::vector<int> success_signals;
    RestartPolicy restart;
    Readiness ready;
    StopPolicy stop;
    ReloadPolicy reload;
    LogPolicy log;
    std::vector<Dependency> requires_;     // needed: start them, wait for them, stop when they stop
    std::vector<Dependency> wants;         // start them, wait for them, go on without them
    std::vector<Dependency> after;         // order only
    std::vector<std::string> conflicts;    // starting this stops those, and the other way round
    std::map<std::string, ObjectUse> ipc;  // the objects that it uses
};

// Who may use the control socket besides root and the daemon's user: names or numbers, not looked up yet.
// A role holds those before it: who may operate may also observe.
struct Access {
    struct Members {
        std::vector<std::string> users, groups;
    };
    Members observe, operate, admin;
};

struct DaemonConfig {
    uint32_t parallel_starts = 64;     // services in `starting` at once
    std::string exit_with;             // container mode: end with this service, and with its exit code
    std::string log_level = "info";    // of the daemon's own log: trace debug info warning error
    std::string log_file;              // empty: stderr
    uint32_t ipc_objects = 1024;       // that one user may have, declared ones aside
    uint64_t ipc_bytes = 64ull << 30;  // that these may come to
    Access access;                     // the key `access:` beside `daemon:`
};

struct Config {
    DaemonConfig daemon;
    std::vector<ServiceConfig> services;  // in file order
    std::vector<ObjectConfig> objects;    // likewise
};

}  // namespace yard::conf
