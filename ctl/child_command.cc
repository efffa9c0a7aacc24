#include "ctl/child_command.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/exit_status.h"

namespace yard::ctl {
namespace {

constexpr int kForwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

// Blocks what is waited for instead, and gives back what was before.
class BlockedSignals {
  public:
    BlockedSignals() {
        signal(SIGCHLD,
               SIG_DFL);  // whoever started ctl may have ignored it, and then no child could be waited for
        sigemptyset(&blocked_);
        sigaddset(&blocked_, SIGCHLD);
        for (const int number : kForwarded) sigaddset(&blocked_, number);
        sigprocmask(SIG_BLOCK, &blocked_, &before_);
    }
    ~BlockedSignals() { restore(); }
    void restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    siginfo_t wait() const {
        siginfo_t info;
        while (sigwaitinfo(&blocked_, &info) < 0) {
        }
        return info;
    }

  private:
    sigset_t blocked_, before_;
};

[[noreturn]] void become(const std::vector<std::string>& command, int input,
                         const std::vector<std::string>& variables, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    signal(SIGPIPE, SIG_DFL);
    if (input >= 0 && dup2(input, STDIN_FILENO) < 0) _exit(126);
    for (const std::string& variable : variables) putenv(const_cast<char*>(variable.c_str()));
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    const int error = errno;
    std::fprintf(stderr, "ctl: run %s: %s\n", words[0], std::strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

int wait_for(pid_t child, const BlockedSignals& signals) {
    for (;;) {
        const siginfo_t info = signals.wait();
        // By a process, and not by the terminal, which tells the command itself.
        if (info.si_signo != SIGCHLD && info.si_code <= 0) kill(child, info.si_signo);
        int status = 0;
        if (waitpid(child, &status, WNOHANG) == child)
            return ExitStatus::from_wait_status(status).as_shell_code();
    }
}

}  // namespace

Result<int, Trouble> run_command(const std::vector<std::string>& command, UniqueFd input,
                                 const std::vector<std::string>& variables) {
    const BlockedSignals signals;
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) return trouble(ExitCode::failed, system_error("fork", command.front()).message);
    if (child == 0) {
        signals.restore();
        become(command, input.get(), variables, parent);
    }
    return wait_for(child, signals);
}

}  // namespace yard::ctl
