#include "keeper/shim.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/tree.h"

namespace yard::keeper {
namespace {

struct Shim {
    const ShimPlan& plan;
    pid_t keeper;
    pid_t main_pid = 0;
    int main_pidfd = -1;  // of a main process named later, which need not be our child
    bool killing = false;
    bool notice_owed = false;
};

pid_t start_main(const ShimPlan& plan) {
    const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) run_child(plan.child);
    if (pid < 0) fail_start(plan.child.status_fd, SpawnStage::process, errno);
    return static_cast<pid_t>(pid);
}

void show_title(const ShimPlan& plan) {
    const ShimTitle& title = plan.title;
    if (title.offset == 0 || title.offset >= plan.child.image_size) return;
    const auto from = static_cast<off_t>(plan.child.image_offset + title.offset);
    if (pread(plan.child.arena_fd, title.place, title.room, from) <= 0) return;
    const size_t length = strnlen(title.place, title.room - 1);
    memset(title.place + length, 0, title.room - length);
}

// To be repeated while the keeper's queue is full.
void notify_keeper(Shim* shim) {
    shim->notice_owed = getppid() == shim->keeper &&
                        queue_signal(shim->keeper, kShimNotice, static_cast<int>(shim->plan.slot)) != 0;
}

void main_ended(Shim* shim, int status) {
    shim->plan.cell->wait_status = status;
    shim->plan.cell->main_ended = 1;
    shim->main_pid = 0;
    if (shim->main_pidfd >= 0) close(shim->main_pidfd);
    shim->main_pidfd = -1;
    if (!shim->plan.linger) {
        shim->killing = true;
    } else {
        notify_keeper(shim);
    }
}

void set_main(Shim* shim, pid_t pid) {
    if (shim->main_pidfd >= 0) close(shim->main_pidfd);
    shim->main_pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    shim->main_pid = pid;
    shim->notice_owed = false;
    shim->plan.cell->main_ended = 0;
    shim->plan.cell->main_pid = pid;
    if (shim->main_pidfd < 0) main_ended(shim, kStatusUnknown);  // reaped before it was named
}

void signal_main(const Shim& shim, int number) {
    if (shim.main_pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, shim.main_pidfd, number, nullptr, 0);
    } else if (shim.main_pid > 0) {
        kill(shim.main_pid, number);
    }
}

// Reaps whoever ended. False when no child is left.
bool reap(Shim* shim) {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        if (pid == shim->main_pid) main_ended(shim, status);
    }
    return pid == 0;
}

void obey(Shim* shim, int value) {
    const auto command = static_cast<ShimCommand>(static_cast<uint32_t>(value) >> 28);
    const int number = value & 0xFFFFFFF;
    switch (command) {
        case ShimCommand::signal_main:
            signal_main(*shim, number);
            break;
        case ShimCommand::signal_tree:
            signal_descendants(number);
            break;
        case ShimCommand::set_main:
            set_main(shim, number);
            break;
    }
}

// While killing, processes may fork faster than one walk sees them: walk again at each death, and at latest
// after this time, until none is left.
constexpr timespec kRetryInterval{0, 2'000'000};

}  // namespace

int queue_signal(pid_t pid, int signal, int value) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = value;
    return static_cast<int>(syscall(SYS_rt_sigqueueinfo, pid, signal, &info));
}

void run_shim(const ShimPlan& plan) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "yard-shim");
    Shim shim{plan, getppid()};
    shim.main_pid = start_main(plan);
    plan.cell->main_pid = shim.main_pid;
    show_title(plan);
    syscall(SYS_close_range, 0u, ~0u, 0u);

    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, kShimSignal);
    sigaddset(&watched, kShimKill);
    while (reap(&shim)) {
        if (shim.killing) {
            visit_children([](int32_t pid, void*) { kill(pid, SIGKILL); }, nullptr);
            signal_descendants(SIGKILL);
        }
        siginfo_t info;
        const timespec* limit = shim.killing || shim.notice_owed ? &kRetryInterval : nullptr;
        const int signal = sigtimedwait(&watched, &info, limit);
        if (signal == kShimSignal && info.si_code == SI_QUEUE) obey(&shim, info.si_value.sival_int);
        if (signal == kShimKill) shim.killing = true;
        if (shim.notice_owed) notify_keeper(&shim);
    }
    _exit(0);
}

}  // namespace yard::keeper
