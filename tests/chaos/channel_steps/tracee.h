// A process that goes through one operation an instruction at a time, and can be doubled wherever it stands. Linux on x86-64.
//
// Its double is a process of its own with the same registers and the same private memory; what is mapped shared it shares. So
// the operation is walked through once, and at each instruction one double is killed, another is stopped and goes on later.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <functional>

namespace steps {

class Tracee {
  public:
    // A child that is about to begin with `operation`, and exits when that returns.
    explicit Tracee(const std::function<void()>& operation);
    ~Tracee();
    Tracee(const Tracee&) = delete;

    // One instruction; one that reads the kernel's clock, which has to be quick, goes through to its end. False: it has
    // exited.
    bool step();
    // Is the next instruction one that puts it to sleep (futex(2), to wait)?
    bool is_about_to_sleep() const;
    // A double, stopped; end it by one of the functions below.
    pid_t copy();

  private:
    bool reads_clock() const;

    pid_t process_;
};

void start(pid_t copy);
// Waits for the end of a double that was started. False: it did not exit with 0.
bool has_finished(pid_t copy);
// SIGKILL; returns when it is dead.
void kill_now(pid_t copy);

}  // namespace steps
