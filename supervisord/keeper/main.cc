// supervisord: starts the keeper. The engine reads the command line; only --daemonize is the keeper's own.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/keeper.h"

namespace {

constexpr char kEngine[] = "../libexec/yard-engine";  // from the folder of this program

constinit yard::keeper::Keeper keeper;

bool find_engine(char* path, size_t size) {
    const ssize_t used = readlink("/proc/self/exe", path, size - sizeof kEngine);
    if (used <= 0) return false;
    path[used] = '\0';
    char* slash = strrchr(path, '/');
    if (slash == nullptr) return false;
    strcpy(slash + 1, kEngine);
    return true;
}

// The kernel lays the environment's texts behind those of the arguments.
size_t room_behind(char** argv, char** env) {
    char *const first = argv[0], *last = first;
    while (*argv != nullptr) last = *argv++;
    while (*env != nullptr) last = *env++;
    return static_cast<size_t>(last - first) + strlen(last) + 1;
}

// The caller gets its prompt back when the daemon works, or the exit code when it does not.
int daemonize() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid < 0) return -1;
    if (pid > 0) {
        close(ends[1]);
        unsigned char code = 71;
        (void)!read(ends[0], &code, 1);
        _exit(code);
    }
    close(ends[0]);
    setsid();
    return ends[1];
}

}  // namespace

int main(int argc, char** argv) {
    static char engine[4096];
    if (!find_engine(engine, sizeof engine)) {
        return yard::keeper::complain("cannot read /proc/self/exe, beside which yard-engine lies"), 71;
    }
    int ready_fd = -1;
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--daemonize") != 0) continue;
        ready_fd = daemonize();
        if (ready_fd < 0) return yard::keeper::complain("cannot daemonize"), 71;
        break;
    }
    return keeper.run({engine, argv, environ, argv[0], room_behind(argv, environ), ready_fd});
}
