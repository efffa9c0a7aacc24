#include "tracee.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

extern "C" const char channel_steps_call[];
asm(".pushsection .text\nchannel_steps_call: syscall\nnop\n.popsection");

namespace steps {
namespace {

[[noreturn]] void give_up(const char* doing) {
    perror(doing);
    exit(2);
}

int wait_stop(pid_t process) {
    int status = 0;
    if (waitpid(process, &status, __WALL) != process) give_up("waitpid");
    return status;
}

user_regs_struct registers_of(pid_t process) {
    user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) give_up("read registers");
    return registers;
}

void set_registers(pid_t process, const user_regs_struct& registers) {
    if (ptrace(PTRACE_SETREGS, process, nullptr, &registers) != 0) give_up("write registers");
}

}  // namespace

Tracee::Tracee(const std::function<void()>& operation) : process_(fork()) {
    if (process_ < 0) give_up("fork");
    if (process_ == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(3);
        raise(SIGSTOP);
        operation();
        _exit(0);
    }
    wait_stop(process_);
    ptrace(PTRACE_SETOPTIONS, process_, nullptr,
           PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL);
}

Tracee::~Tracee() {
    if (process_ > 0) kill_now(process_);
}

// The clock is read again if the kernel has changed it meanwhile: who takes longer than a tick never gets through.
bool Tracee::step() {
    do {
        if (ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr) != 0) give_up("step");
        if (!WIFSTOPPED(wait_stop(process_))) {
            process_ = -1;
            return false;
        }
    } while (reads_clock());
    return true;
}

// vdso(7)
bool Tracee::reads_clock() const {
    constexpr unsigned long kSize = 8192;
    static const unsigned long begin = getauxval(AT_SYSINFO_EHDR);
    const unsigned long at = registers_of(process_).rip;
    return at >= begin && at < begin + kSize;
}

bool Tracee::is_about_to_sleep() const {
    const user_regs_struct registers = registers_of(process_);
    if (registers.rax != SYS_futex || (registers.rsi & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET) return false;
    constexpr long kSyscallInstruction = 0x050f;
    return (ptrace(PTRACE_PEEKTEXT, process_, registers.rip, nullptr) & 0xffff) == kSyscallInstruction;
}

pid_t Tracee::copy() {
    const user_regs_struct here = registers_of(process_);
    user_regs_struct call = here;
    call.rip = reinterpret_cast<unsigned long>(channel_steps_call);
    call.rax = SYS_clone;
    call.orig_rax = -1UL;
    call.rdi = CLONE_PARENT | SIGCHLD;  // a child of ours, as the original is
    call.rsi = call.rdx = call.r10 = call.r8 = 0;
    set_registers(process_, call);
    ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr);
    wait_stop(process_);
    unsigned long born = 0;
    if (ptrace(PTRACE_GETEVENTMSG, process_, nullptr, &born) != 0) give_up("double");
    const auto double_of = static_cast<pid_t>(born);
    wait_stop(double_of);
    ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr);  // out of the call
    wait_stop(process_);
    user_regs_struct again = here;
    again.orig_rax = -1UL;
    set_registers(process_, again);
    set_registers(double_of, again);
    return double_of;
}

void start(pid_t copy) {
    ptrace(PTRACE_CONT, copy, nullptr, nullptr);
}

bool has_finished(pid_t copy) {
    const int status = wait_stop(copy);
    if (WIFSTOPPED(status)) kill_now(copy);  // by a signal that nobody but itself can have sent
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void kill_now(pid_t copy) {
    kill(copy, SIGKILL);
    int status = 0;
    while (waitpid(copy, &status, __WALL) == copy && !WIFSIGNALED(status) && !WIFEXITED(status)) {
    }
}

}  // namespace steps
