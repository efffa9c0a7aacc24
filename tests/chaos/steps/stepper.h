// Runs a program and meddles with one of its system calls: kills it there, or lets the call fail.
//
// The tracer is a child of the program, so that the program stays the child of its parent. It holds none of its
// descriptors. Linux on x86-64; see ptrace(2).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace steps {

// What to do in this life of the program; a line of the file `plan`:
//   kill FIRST STRIDE LAST             SIGKILL at the stop number FIRST (each call has two: before it, and after it)
//   fail ERRNO FIRST MS NUMBER ..      of the calls with these numbers, the one numbered FIRST fails, and those that come
//                                      up to MS milliseconds later; they are not carried out
// The next life of the program finds FIRST raised by STRIDE, until it is above LAST. A life without a plan is left alone.
struct Plan {
    bool kill = false;
    int error = 0;
    unsigned long first = 0, stride = 0, last = 0, duration_ms = 0;
    std::vector<unsigned long> numbers;

    // Takes this life's share of the plan in `folder`; false: there is none.
    bool take(const std::string& folder);
};

// Traces `program` by the plan until it has ended. What was done goes to the file `record` in `folder`, a line each:
//   killed STOP NUMBER before|after;  failed CALL NUMBER;  made NUMBER CALLS (for each number, unless it was to be
//   killed), ended STOPS
// `ready` is closed when the program may go on; what it calls is counted from its next execve on.
[[noreturn]] void trace(pid_t program, const Plan& plan, const std::string& folder, int ready);

}  // namespace steps
