// What it was born with, as JSON: the other half of every promise about clean children.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "zoo.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): unistd.h has it only with _GNU_SOURCE

namespace zoo {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (char c : text) {
        char escaped[8];
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(escaped, sizeof escaped, "\\u%04x",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escaped;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

class Object {
  public:
    void add(const std::string& key, const std::string& json) {
        text_ += (text_.empty() ? "" : ", ") + quoted(key) + ": " + json;
    }
    void add(const std::string& key, long number) { add(key, std::to_string(number)); }
    std::string json() const { return "{" + text_ + "}"; }

  private:
    std::string text_;
};

template <typename Numbers>
std::string array(const Numbers& numbers) {
    std::string out;
    for (auto number : numbers) out += (out.empty() ? "" : ", ") + std::to_string(number);
    return "[" + out + "]";
}

std::string environment() {
    Object object;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const size_t equals = text.find('=');
        object.add(text.substr(0, equals), quoted(text.substr(equals + 1)));
    }
    return object.json();
}

// fd -> what it is, without the fd that lists them.
std::string open_files() {
    Object object;
    DIR* folder = opendir("/proc/self/fd");
    if (folder == nullptr) fail("/proc/self/fd");
    while (const dirent* entry = readdir(folder)) {
        const int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(folder)) continue;
        char target[512];
        const ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof target);
        object.add(entry->d_name,
                   quoted(std::string(target, static_cast<size_t>(std::max<ssize_t>(size, 0)))));
    }
    closedir(folder);
    return object.json();
}

// The lines of /proc/self/status that hold masks of signals and capabilities, as the hexadecimal text that
// stands there.
void add_status_masks(Object& object) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        for (const char* key : {"SigBlk", "SigIgn", "SigCgt", "CapEff", "NoNewPrivs"}) {
            if (line.rfind(std::string(key) + ":", 0) == 0)
                object.add(key, quoted(line.substr(line.find('\t') + 1)));
        }
    }
}

std::string limits() {
    constexpr std::pair<const char*, __rlimit_resource> kLimits[] = {
        {"nofile", RLIMIT_NOFILE}, {"core", RLIMIT_CORE},   {"nproc", RLIMIT_NPROC},
        {"stack", RLIMIT_STACK},   {"fsize", RLIMIT_FSIZE}, {"memlock", RLIMIT_MEMLOCK},
        {"cpu", RLIMIT_CPU},       {"as", RLIMIT_AS},
    };
    Object object;
    for (const auto& [name, resource] : kLimits) {
        rlimit value{};
        getrlimit(resource, &value);
        const auto shown = [](rlim_t limit) {
            return limit == RLIM_INFINITY ? quoted("unlimited") : std::to_string(limit);
        };
        object.add(name, "[" + shown(value.rlim_cur) + ", " + shown(value.rlim_max) + "]");
    }
    return object.json();
}

std::vector<gid_t> groups() {
    std::vector<gid_t> found(static_cast<size_t>(getgroups(0, nullptr)));
    const int count = getgroups(static_cast<int>(found.size()), found.data());
    if (count < 0) fail("getgroups");
    return found;
}

std::vector<int> processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    std::vector<int> found;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) found.push_back(cpu);
    }
    return found;
}

long oom_score_adj() {
    std::ifstream file("/proc/self/oom_score_adj");
    long value = 0;
    file >> value;
    return value;
}

long current_umask() {
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
}

std::string everything() {
    char folder[4096];
    sched_param scheduling{};
    sched_getparam(0, &scheduling);
    constexpr int kIoprioWhoProcess = 1;  // linux/ioprio.h
    Object object;
    object.add("pid", getpid());
    object.add("ppid", getppid());
    object.add("sid", getsid(0));
    object.add("pgid", getpgrp());
    object.add("uid", getuid());
    object.add("euid", geteuid());
    object.add("gid", getgid());
    object.add("groups", array(groups()));
    object.add("cwd", quoted(getcwd(folder, sizeof folder) != nullptr ? folder : ""));
    object.add("umask", current_umask());
    object.add("nice", getpriority(PRIO_PROCESS, 0));
    object.add("scheduler", sched_getscheduler(0));
    object.add("rt_priority", scheduling.sched_priority);
    object.add("ioprio", syscall(SYS_ioprio_get, kIoprioWhoProcess, 0));
    object.add("cpus", array(processors()));
    object.add("oom_score_adj", oom_score_adj());
    object.add("parent_death_signal", [] {
        int signal = 0;
        prctl(PR_GET_PDEATHSIG, &signal);
        return static_cast<long>(signal);
    }());
    object.add("tty", open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 ? "true" : "false");
    object.add("fds", open_files());
    object.add("limits", limits());
    object.add("env", environment());
    add_status_masks(object);
    return object.json();
}

}  // namespace

// Written beside and renamed, so that a reader never sees half of it.
void report(Script& script) {
    const std::string path = script.text();
    const std::string json = everything();
    append((path + ".part").c_str(), json);
    if (rename((path + ".part").c_str(), path.c_str()) != 0) fail(path.c_str());
}

void leak_fds(Script& script) {
    for (long left = script.number(); left > 0; --left) {
        if (open("/dev/null", O_RDONLY) < 0) fail("/dev/null");
    }
}

void eat(Script& script) {
    const size_t size = static_cast<size_t>(script.number()) << 20;
    if (mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) ==
        MAP_FAILED) {
        fail("mmap");
    }
}

}  // namespace zoo
