// Families: children that try to get away.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "zoo.h"

namespace zoo {
namespace {

pid_t fork_or_fail() {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    return child;
}

void ignore_polite_signals() {
    for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2})
        ::signal(signal, SIG_IGN);
}

// Runs `life` in a process that has no parent of ours and a session of its own.
template <typename Life>
void let_go(Life life) {
    const pid_t child = fork_or_fail();
    if (child == 0) {
        if (setsid() < 0) fail("setsid");
        if (fork_or_fail() != 0) _exit(0);
        ignore_polite_signals();
        life();
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

long now_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Each generation forks the next in a session of its own and exits: no process lives long enough to be caught
// by its PID.
void replace_itself_until(long deadline_ms) {
    while (now_ms() < deadline_ms) {
        const pid_t next = fork();
        if (next > 0) _exit(0);
        if (next == 0) setsid();
    }
}

}  // namespace

void double_fork(Script& script) {
    const char* path = script.text();
    int born[2];
    if (pipe(born) != 0) fail("pipe");
    let_go([&] {
        append(path, identity() + "\n");
        close(born[1]);
        close(born[0]);
        sleep_for_ever();
    });
    // Its PID is on file when this step ends: the pipe closes when the grandchild has written it.
    close(born[1]);
    char byte = 0;
    while (read(born[0], &byte, 1) > 0) continue;
    close(born[0]);
}

void session_child(Script& script) {
    const char* path = script.text();
    if (fork_or_fail() != 0) return;
    if (setsid() < 0) fail("setsid");
    ignore_polite_signals();
    append(path, identity() + "\n");
    sleep_for_ever();
}

void fork_storm(Script& script) {
    const long count = script.number();
    const long deadline_ms = now_ms() + script.number();
    for (long i = 0; i < count; ++i) let_go([&] { replace_itself_until(deadline_ms); });
}

void daemonize(Script&) {
    if (fork_or_fail() != 0) _exit(0);
    if (setsid() < 0) fail("setsid");
    if (fork_or_fail() != 0) _exit(0);
}

// Only its parent learns how a process ended: the child goes on once that is the daemon.
void hand_over(Script&) {
    pollfd parent{static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)), POLLIN, 0};
    const pid_t child = fork_or_fail();
    if (child == 0) {
        while (poll(&parent, 1, -1) < 0 && errno == EINTR) {
        }
        close(parent.fd);
        return;
    }
    std::string text = "MAINPID=" + std::to_string(child);
    char* words[] = {text.data(), nullptr};
    Script announcement(words);
    notify(announcement);
    barrier(announcement);  // the daemon has read it before this process ends
    _exit(0);
}

}  // namespace zoo
