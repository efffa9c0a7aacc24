/* The floor that the figures are compared with: the least that can run N services, restart them at once,
 * answer who runs and stop them all. One thread, epoll, signalfd, waitpid, fork and exec; no state, no
 * checks, no policy.
 *
 *     floor SOCKET N LOG_FOLDER|- COMMAND ARGUMENTS...
 *
 * Requests are one line on the Unix socket, the answer ends with the connection: `status`, `status I`, `start
 * I`, `stop I`, `stop-all` (then it exits). Services are numbered from 0. SIGTERM is `stop-all`.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor_log.h"

enum { EVENT_SIGNAL = -1, EVENT_LISTENER = -2, MAX_EVENTS = 64, NOBODY = -1 };

struct service {
    pid_t pid; /* 0: down */
    int wanted;
    int client; /* waits for the end of `stop` */
    struct floor_log log;
};

static struct service* services;
static int service_of_pid[4 << 20]; /* up to the kernel's PID_MAX_LIMIT; only what is touched costs memory */
static int count, alive, ending, ending_client = NOBODY;
static int epoll_fd;
static char** command;

static void die(const char* what) {
    perror(what);
    exit(1);
}

static void watch(int fd, int event) {
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = event};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &interest) != 0) die("epoll_ctl");
}

static void start(int i) {
    struct service* s = &services[i];
    s->pid = fork();
    if (s->pid < 0) die("fork");
    if (s->pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setsid();
        if (s->log.pipe[1] >= 0) {
            dup2(s->log.pipe[1], STDOUT_FILENO);
            dup2(s->log.pipe[1], STDERR_FILENO);
        }
        execv(command[0], command);
        _exit(127);
    }
    service_of_pid[s->pid] = i;
    s->wanted = 1;
    ++alive;
}

static void stop(int i) {
    services[i].wanted = 0;
    if (services[i].pid > 0) kill(services[i].pid, SIGTERM);
}

static void stop_all(void) {
    ending = 1;
    for (int i = 0; i < count; ++i) stop(i);
}

static void reaped(pid_t pid) {
    const int i = service_of_pid[pid];
    struct service* s = &services[i];
    s->pid = 0;
    --alive;
    if (s->client != NOBODY) close(s->client);
    s->client = NOBODY;
    if (s->wanted) start(i);
}

static void on_signal(int fd) {
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD) stop_all();
    }
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) reaped(pid);
}

static void print_status(FILE* out, int i) {
    fprintf(out, "%d %s %d\n", i, services[i].pid ? "running" : "stopped", (int)services[i].pid);
}

/* One request, answered at once; only `stop` and `stop-all` keep the connection until they are done. */
static void serve(int listener) {
    char line[64];
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) return;
    const ssize_t size = read(client, line, sizeof line - 1);
    line[size > 0 ? size : 0] = '\0';
    int i = -1;
    if (sscanf(line, "stop %d", &i) == 1 && services[i].pid) {
        services[i].client = client;
        stop(i);
        return;
    }
    if (strncmp(line, "stop-all", 8) == 0) {
        ending_client = client;
        stop_all();
        return;
    }
    if (sscanf(line, "start %d", &i) == 1 && !services[i].pid) start(i);
    static char reply[1 << 20];
    FILE* out = fmemopen(reply, sizeof reply, "w");
    if (sscanf(line, "status %d", &i) == 1) {
        print_status(out, i);
    } else if (strncmp(line, "status", 6) == 0) {
        for (int each = 0; each < count; ++each) print_status(out, each);
    }
    const long length = ftell(out);
    fclose(out);
    if (write(client, reply, (size_t)length) < 0) perror("write");
    close(client);
}

static int listen_on(const char* path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) die(path);
    if (listen(fd, 1024) != 0) die("listen");
    return fd;
}

static int take_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void run(int signals, int listener) {
    while (!ending || alive > 0) {
        struct epoll_event events[MAX_EVENTS];
        const int ready = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);
        for (int e = 0; e < ready; ++e) {
            const int event = events[e].data.fd;
            if (event == EVENT_SIGNAL) {
                on_signal(signals);
            } else if (event == EVENT_LISTENER) {
                serve(listener);
            } else {
                floor_log_move(&services[event].log);
            }
        }
    }
}

int main(int argc, char** argv) {
    if (argc < 5) return 2;
    count = atoi(argv[2]);
    command = argv + 4;
    services = calloc((size_t)count, sizeof *services);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    const int signals = take_signals();
    const int listener = listen_on(argv[1]);
    watch(signals, EVENT_SIGNAL);
    watch(listener, EVENT_LISTENER);
    for (int i = 0; i < count; ++i) {
        services[i].client = NOBODY;
        if (floor_log_open(&services[i].log, argv[3], i) != 0) die(argv[3]);
        if (services[i].log.pipe[0] >= 0) watch(services[i].log.pipe[0], i);
        start(i);
    }
    run(signals, listener);
    if (ending_client != NOBODY) close(ending_client);
    return 0;
}
