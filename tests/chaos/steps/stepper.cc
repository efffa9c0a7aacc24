#include "stepper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>

namespace steps {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
constexpr unsigned long kNoCall = ~0UL;

// Does this call know the error? fcntl makes a descriptor only where it duplicates one, epoll_ctl takes memory only where
// it adds one, and a disk is full for files.
bool can_fail(pid_t thread, const __ptrace_syscall_info& call, int error) {
    const auto* args = call.entry.args;
    if (call.entry.nr == SYS_fcntl) return args[1] == F_DUPFD || args[1] == F_DUPFD_CLOEXEC;
    if (call.entry.nr == SYS_epoll_ctl) return args[1] == EPOLL_CTL_ADD;
    if (error != ENOSPC || (call.entry.nr != SYS_write && call.entry.nr != SYS_writev)) return true;
    if (args[0] == 2) return false;  // where the trouble is told
    char target[2] = "";
    const std::string link = "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(args[0]);
    return readlink(link.c_str(), target, 1) == 1 && target[0] == '/';
}

struct Thread {
    unsigned long number = kNoCall;  // of the call that it is in
    bool fails = false;
};

class Tracer {
  public:
    Tracer(pid_t program, const Plan& plan, std::string record)
        : program_(program), plan_(plan), record_path_(std::move(record)) {}

    void attach(int ready) {
        if (ptrace(PTRACE_SEIZE, program_, nullptr, kOptions) != 0) _exit(71);
        ptrace(PTRACE_INTERRUPT, program_, nullptr, nullptr);
        int status = 0;
        waitpid(program_, &status, __WALL);
        ptrace(PTRACE_SYSCALL, program_, nullptr, nullptr);
        close(ready);
    }

    void run() {
        int status = 0;
        for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
            if (thread <= 0) continue;
            if (WIFSTOPPED(status)) {
                stopped(thread, status);
            } else if (thread == program_) {
                if (plan_.kill && stops_ >= plan_.first) return;
                return tell_end();
            }
        }
    }

  private:
    void stopped(pid_t thread, int status) {
        const int signal = WSTOPSIG(status);
        const int event = status >> 16;
        long deliver = 0;
        if (signal == (SIGTRAP | 0x80)) {
            if (counting_) call(thread);
        } else if (event == PTRACE_EVENT_EXEC) {
            counting_ = true;
        } else if (event == 0) {
            deliver = signal;
        }
        ptrace(PTRACE_SYSCALL, thread, nullptr, deliver);
    }

    // A thread stands before or behind a system call.
    void call(pid_t thread) {
        __ptrace_syscall_info info{};
        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;
        const bool before = info.op == PTRACE_SYSCALL_INFO_ENTRY;
        Thread& at = threads_[thread];
        if (before) at.number = info.entry.nr;
        ++stops_;
        if (plan_.kill && stops_ == plan_.first) {
            record("killed " + std::to_string(stops_) + " " + std::to_string(at.number) +
                   (before ? " before" : " after"));
            kill(program_, SIGKILL);
            return;
        }
        if (!plan_.kill && (!before || can_fail(thread, info, plan_.error))) meddle(thread, at, before);
    }

    void meddle(pid_t thread, Thread& at, bool before) {
        if (before) {
            ++made_[at.number];
            const auto& wanted = plan_.numbers;
            if (std::find(wanted.begin(), wanted.end(), at.number) == wanted.end()) return;
            ++calls_;
            if (calls_ == plan_.first)
                trouble_over_ = Clock::now() + std::chrono::milliseconds(plan_.duration_ms);
            at.fails = calls_ == plan_.first || (calls_ > plan_.first && Clock::now() < trouble_over_);
            if (at.fails) ptrace(PTRACE_POKEUSER, thread, sizeof(long) * ORIG_RAX, -1L);
        } else if (at.fails) {
            at.fails = false;
            ptrace(PTRACE_POKEUSER, thread, sizeof(long) * RAX, static_cast<long>(-plan_.error));
            record("failed " + std::to_string(calls_) + " " + std::to_string(at.number));
        }
    }

    void tell_end() const {
        for (const auto& [number, count] : made_)
            record("made " + std::to_string(number) + " " + std::to_string(count));
        record("ended " + std::to_string(stops_));
    }

    void record(const std::string& line) const {
        std::ofstream(record_path_, std::ios::app) << line << std::endl;
    }

    pid_t program_;
    const Plan& plan_;
    std::string record_path_;
    bool counting_ = false;
    unsigned long stops_ = 0;
    Clock::time_point trouble_over_;
    unsigned long calls_ = 0;                      // of the kind that is to fail
    std::map<unsigned long, unsigned long> made_;  // how many, by number
    std::map<pid_t, Thread> threads_;
};

}  // namespace

bool Plan::take(const std::string& folder) {
    const std::string path = folder + "/plan";
    std::string verb;
    std::stringstream line;
    line << std::ifstream(path).rdbuf();
    line >> verb;
    kill = verb == "kill";
    if (kill) {
        line >> first >> stride >> last;
    } else {
        line >> error >> first >> duration_ms;
        for (unsigned long number; line >> number;) numbers.push_back(number);
    }
    if (first == 0 || (kill && first > last)) return false;
    std::ofstream rest(path);
    if (kill) rest << "kill " << first + stride << ' ' << stride << ' ' << last << '\n';
    return true;
}

void trace(pid_t program, const Plan& plan, const std::string& folder, int ready) {
    Tracer tracer(program, plan, folder + "/record");
    tracer.attach(ready);
    tracer.run();
    _exit(0);
}

}  // namespace steps
