#include "keeper/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/text.h"

namespace yard::keeper {
namespace {

// One walk sees at most so many; the rest is seen by the next, when these are gone.
constexpr uint32_t kMaxSeen = 4096;

struct Walk {
    int32_t pids[kMaxSeen];
    uint32_t count;
};

struct KernelDirent {  // struct linux_dirent64
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

// The ppid of a process: the second field behind the last ')' of /proc/PID/stat.
int32_t parent_of(int proc_fd, const char* pid) {
    char text[512];
    if (!read_text(proc_fd, (Text() << pid << "/stat").c_str(), text, sizeof text)) return -1;
    const char* paren = strrchr(text, ')');
    return paren != nullptr && paren[1] != '\0' && paren[2] != '\0' ? atoi(paren + 3) : -1;
}

// Adds the children of all pids in the walk, one pass over /proc; repeated by the caller until nothing is new.
bool add_children(Walk* walk, int proc_fd) {
    alignas(KernelDirent) char buffer[4096];
    const uint32_t before = walk->count;
    lseek(proc_fd, 0, SEEK_SET);
    long size;
    while ((size = syscall(SYS_getdents64, proc_fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const KernelDirent*>(buffer + at);
            at += entry->size;
            if (entry->name[0] < '1' || entry->name[0] > '9' || strlen(entry->name) > 10) continue;
            const int32_t pid = atoi(entry->name), parent = parent_of(proc_fd, entry->name);
            bool child = false, known = false;
            for (uint32_t i = 0; i < walk->count; ++i) {
                child = child || walk->pids[i] == parent;
                known = known || walk->pids[i] == pid;
            }
            if (child && !known && walk->count < kMaxSeen) walk->pids[walk->count++] = pid;
        }
    }
    return walk->count > before;
}

}  // namespace

void signal_descendants(int signal) {
    static Walk walk;  // in the shim's own memory: it is one thread and walks one tree
    walk.pids[0] = getpid();
    walk.count = 1;
    const int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0) return;
    uint32_t signaled = 1;
    while (add_children(&walk, proc_fd)) {
        // A descendant's pid cannot be another's yet: this process, or an ancestor below it, has not reaped it...
        // unless that ancestor just did; the moment between reading and signalling is the price of having no cgroup.
        for (; signaled < walk.count; ++signaled) kill(walk.pids[signaled], signal);
    }
    close(proc_fd);
}

void visit_children(void (*visit)(int32_t pid, void* context), void* context) {
    const int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    char text[4096];  // "PID PID ... "; a number that the end of a portion cuts in two goes on in the next
    int32_t pid = 0;
    ssize_t size;
    while ((size = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < size; ++i) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid > 0) {
                visit(pid, context);
                pid = 0;
            }
        }
    }
    close(fd);
}

}  // namespace yard::keeper
