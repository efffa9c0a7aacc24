#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "zoo.h"

namespace zoo {
namespace {

struct Step {
    const char* word;
    const char* arguments;
    const char* meaning;
    void (*carry_out)(Script&);
};

constexpr Step kSteps[] = {
    {"record", "FILE", "append 'PID STARTTIME' to FILE: counts starts and finds duplicates", record},
    {"sleep", "MS", "", sleep_step},
    {"forever", "", "sleep until killed", forever},
    {"exit", "CODE", "", exit_step},
    {"exit-recorded", "FILE CODE", "append 'PID STARTTIME exit CODE' to FILE, then exit", exit_recorded},
    {"exit-varied", "FILE", "the same with a code from 1 to 200 that differs from run to run", exit_varied},
    {"raise", "SIGNAL", "kill itself, without a core dump", raise_step},
    {"fail-times", "FILE N CODE", "exit with CODE in the first N starts, counted in FILE; then go on",
     fail_times},
    {"ignore", "SIGNAL", "", ignore},
    {"on-term", "MS CODE", "at SIGTERM take MS, then exit with CODE", on_term},
    {"on-term-record", "FILE WORD", "at SIGTERM append WORD to FILE, then exit with 0", on_term_record},
    {"touch", "FILE", "make an empty file", touch},

    {"double-fork", "FILE",
     "leave a grandchild in a session of its own that ignores every polite signal; its PID to FILE",
     double_fork},
    {"session-child", "FILE", "the same as a direct child", session_child},
    {"fork-storm", "N MS", "leave N such grandchildren that replace themselves by forks without pause for MS",
     fork_storm},
    {"daemonize", "", "go on in a grandchild in a session of its own; the parent exits with 0", daemonize},
    {"hand-over", "", "go on in a child that was announced with MAINPID; then the parent exits with 0",
     hand_over},

    {"say", "TEXT", "write TEXT and a newline", say},
    {"lines", "TAG COUNT PAUSE_MS", "write COUNT lines 'TAG PID STARTTIME K', K from 1, one write each",
     lines},
    {"bytes", "COUNT", "write COUNT bytes as fast as possible, in lines of 100", bytes},
    {"partial", "TEXT", "write TEXT without a newline", partial},

    {"report", "FILE", "write what it was born with to FILE as JSON", report},
    {"leak-fds", "N", "open N files without close-on-exec", leak_fds},
    {"eat", "MIB", "allocate and touch memory", eat},

    {"notify", "TEXT", "send TEXT to $NOTIFY_SOCKET; \\n in it is a newline, $PID its own PID", notify},
    {"notify-child", "TEXT", "the same from a child process", notify_child},
    {"watchdog", "MS COUNT", "send WATCHDOG=1 every MS, COUNT times", watchdog},
    {"barrier", "", "send BARRIER=1 and wait for the answer; exit with 98 when none comes in 5 s", barrier},
    {"ready-fd", "FD", "write a newline to FD and close it", ready_fd},
    {"listen-tcp", "PORT", "listen on 127.0.0.1:PORT", listen_tcp},
    {"listen-unix", "PATH", "listen on a stream socket", listen_unix},
    {"http", "PORT BAD", "serve for ever: the first BAD requests get 503, the others 200", http},
};

[[noreturn]] void usage() {
    std::fprintf(stderr, "usage: child_zoo STEP [ARGUMENTS] STEP ...\n");
    for (const Step& step : kSteps) {
        std::fprintf(stderr, "  %-15s %-19s %s\n", step.word, step.arguments, step.meaning);
    }
    std::exit(2);
}

const Step& find(const char* word) {
    for (const Step& step : kSteps) {
        if (std::strcmp(step.word, word) == 0) return step;
    }
    std::fprintf(stderr, "child_zoo: no step '%s'\n", word);
    usage();
}

}  // namespace

const char* Script::text() {
    if (done()) usage();
    return *next_++;
}

long Script::number() {
    const char* word = text();
    char* end = nullptr;
    errno = 0;
    const long value = std::strtol(word, &end, 10);
    if (errno != 0 || end == word || *end != '\0') usage();
    return value;
}

int Script::signal() {
    const char* word = text();
    if (std::strncmp(word, "SIG", 3) == 0) word += 3;
    for (int number = 1; number < NSIG; ++number) {
        const char* name = sigabbrev_np(number);
        if (name != nullptr && std::strcmp(name, word) == 0) return number;
    }
    usage();
}

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "child_zoo: %s: %s\n", what, std::strerror(errno));
    std::exit(99);
}

}  // namespace zoo

int main(int argc, char** argv) {
    zoo::Script script(argv + 1);
    if (argc < 2) zoo::usage();
    while (!script.done()) zoo::find(script.text()).carry_out(script);
    return 0;
}
