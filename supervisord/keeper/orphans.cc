#include "keeper/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/text.h"

namespace yard::keeper {
namespace {

constexpr char kServiceMark[] = "YARD_SERVICE=";  // in the environment of each service

// On its way out a process has lost what tells whose it is (its memory, its v1 cgroups), yet it may still have children.
bool is_exiting(const char* process) {
    constexpr unsigned long kExiting = 4;  // PF_EXITING
    char text[512];
    if (!read_text(AT_FDCWD, (Text() << process << "/stat").c_str(), text, sizeof text)) return false;
    const char* field = strrchr(text, ')');  // ends field 2; the flags are field 9, see proc(5)
    for (int number = 2; field != nullptr && number < 9; ++number) field = strchr(field + 1, ' ');
    return field != nullptr && (strtoul(field, nullptr, 10) & kExiting) != 0;
}

bool shares_our_cgroup(const char* process) {
    char theirs[4096], ours[4096];
    read_text(AT_FDCWD, "/proc/self/cgroup", ours, sizeof ours);
    read_text(AT_FDCWD, (Text() << process << "/cgroup").c_str(), theirs, sizeof theirs);
    return strcmp(ours, theirs) == 0;
}

int open_environment(const char* process) {
    const Text path = Text() << process << "/environ";
    struct stat owner;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || errno != EACCES || stat(process, &owner) != 0) return fd;
    // Root in a container may not look into the processes of others (CAP_SYS_PTRACE), but they themselves may.
    setfsgid(owner.st_gid);
    setfsuid(owner.st_uid);
    const int fd_of_owner = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    setfsuid(geteuid());
    setfsgid(getegid());
    return fd_of_owner;
}

bool bears_mark(const char* process) {
    const int fd = open_environment(process);
    char text[4096];
    size_t kept = 0;  // the end of the portion before, lest the mark is cut in two
    bool found = false;
    ssize_t size;
    while (!found && (size = read(fd, text + kept, sizeof text - kept)) > 0) {
        const size_t filled = kept + static_cast<size_t>(size);
        found = memmem(text, filled, kServiceMark, sizeof kServiceMark - 1) != nullptr;
        kept = filled < sizeof kServiceMark ? filled : sizeof kServiceMark;
        memmove(text, text + filled - kept, kept);
    }
    if (fd >= 0) close(fd);
    return found;
}

}  // namespace

bool came_from_shim(int32_t pid, bool strangers_possible) {
    const Text process = Text() << "/proc/" << pid;
    const bool bears_the_signs =
        shares_our_cgroup(process.c_str()) && (!strangers_possible || bears_mark(process.c_str()));
    return bears_the_signs || is_exiting(process.c_str());  // asked last: it may begin to exit at any time
}

}  // namespace yard::keeper
