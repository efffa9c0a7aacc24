// child_zoo: a child that misbehaves on request. Its arguments are a script of steps, each a word and what it
// needs, carried out in order; at the end of the script it exits with 0:
//
//     child_zoo record starts.txt ignore TERM double-fork pids.txt forever
//
// The steps with their arguments and meanings stand in the table of main.cc. Being a child and not a test, it
// may sleep.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace zoo {

// What is left of the script. Asking for more than there is, or for a number where none stands, ends the
// program with 2.
class Script {
  public:
    explicit Script(char** words) : next_(words) {}
    bool done() const { return *next_ == nullptr; }
    const char* text();
    long number();
    int signal();  // "TERM", "SIGTERM" or a number

  private:
    char** next_;
};

[[noreturn]] void fail(const char* what);  // with errno; exits with 99

void sleep_ms(long ms);
[[noreturn]] void sleep_for_ever();

// One write(2) to the end of the file, which is made if need be: lines of several processes do not mix.
void append(const char* path, const std::string& text);

// "PID STARTTIME" of this process: no two processes of a boot share it (starttime: field 22 of
// /proc/PID/stat).
std::string identity();

// life.cc: how it begins and ends
void record(Script&);
void sleep_step(Script&);
void forever(Script&);
void exit_step(Script&);
void exit_recorded(Script&);
void exit_varied(Script&);
void raise_step(Script&);
void fail_times(Script&);
void ignore(Script&);
void on_term(Script&);
void on_term_record(Script&);
void touch(Script&);

// trees.cc: families
void double_fork(Script&);
void session_child(Script&);
void fork_storm(Script&);
void daemonize(Script&);
void hand_over(Script&);

// output.cc
void say(Script&);
void lines(Script&);
void bytes(Script&);
void partial(Script&);

// report.cc: what it was born with
void report(Script&);
void leak_fds(Script&);
void eat(Script&);

// notify.cc, listen.cc: readiness
void notify(Script&);
void notify_child(Script&);
void watchdog(Script&);
void barrier(Script&);
void ready_fd(Script&);
void listen_tcp(Script&);
void listen_unix(Script&);
void http(Script&);

}  // namespace zoo
