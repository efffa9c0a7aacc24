#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/keeper.h"

namespace yard::keeper {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kGoodLifeNs = 10'000 * kMillisecond;  // an engine that says hello and lives so long works
constexpr int64_t kFirstDelayNs = 10 * kMillisecond;
constexpr int64_t kRetryNs = 100 * kMillisecond;  // when nothing could be started
constexpr int64_t kMaxDelayNs = 5'000 * kMillisecond;
constexpr uint32_t kShortLivesBeforeOldBinary = 5;
constexpr uint32_t kPacketsPerTurn = 32;

// SIGKILL is somebody's act, or the OOM killer's, and no sign that the next engine will not work: it comes soon.
int64_t restart_delay(uint32_t short_lives, bool killed) {
    if (short_lives == 0) return 0;
    const uint32_t doublings = killed ? 0 : short_lives - 1;
    const int64_t delay = doublings < 10 ? kFirstDelayNs << doublings : kMaxDelayNs;
    return delay < kMaxDelayNs ? delay : kMaxDelayNs;
}

}  // namespace

void Keeper::become_engine(int socket_fd) {
    dup2(socket_fd, kEngineSocketFd);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    char title[] = "supervisord: engine";
    options_.argv[0] = title;
    if (runs_good_binary_) {
        syscall(SYS_execveat, good_binary_, "", options_.argv, options_.env, AT_EMPTY_PATH);
    } else {
        execve(options_.engine_path, options_.argv, options_.env);
    }
    say(Text() << "supervisord: cannot execute " << options_.engine_path << ": " << strerror(errno) << "\n");
    _exit(71);
}

// A new binary whose engines keep dying must not take the services' supervisor away: back to the last good one.
void Keeper::choose_binary() {
    runs_good_binary_ = short_lives_ >= kShortLivesBeforeOldBinary && good_binary_ >= 0;
    if (runs_good_binary_) return;
    if (engine_binary_ >= 0) close(engine_binary_);
    engine_binary_ = open(options_.engine_path, O_PATH | O_CLOEXEC);
}

void Keeper::start_engine() {
    engine_started_ns_ = now_ns();
    engine_due_ns_ = engine_started_ns_ + kRetryNs;  // should one of these calls fail
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    choose_binary();
    const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) become_engine(ends[1]);
    close(ends[1]);
    if (pid < 0 || !watch(ends[0], Source::engine, 0)) {
        close(ends[0]);
        return;
    }
    engine_pid_ = static_cast<int32_t>(pid);
    engine_fd_ = ends[0];
    engine_due_ns_ = 0;
    engine_said_hello_ = false;
    ++engine_runs_;
    last_progress_ns_ = engine_started_ns_;
    forget_reports();
}

// Drain before restart: what the dead engine asked for is carried out before the next one is told what is.
void Keeper::engine_ended(int status) {
    engine_pid_ = 0;  // reaped: the number may be anybody's
    while (engine_fd_ >= 0 && read_engine_packet()) {
    }
    if (engine_fd_ >= 0) close(engine_fd_);
    engine_fd_ = -1;
    if (exit_code_ >= 0) return;
    const bool by_signal = WIFSIGNALED(status);
    const bool killed = by_signal && WTERMSIG(status) == SIGKILL;
    if (!ever_hello_ && !killed) {
        exit_code_ = by_signal ? 71 : WEXITSTATUS(status);
        if (by_signal)
            say(Text() << "supervisord: the engine crashed at its start (signal " << WTERMSIG(status)
                       << ")\n");
        return;
    }
    const bool handed_over = engine_said_hello_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (handed_over) {  // to the next one, which is to go on under another configuration
        engine_due_ns_ = now_ns();
        return;
    }
    judge_engine(now_ns(), killed);
    say(Text() << "supervisord: the engine ended (" << (by_signal ? "signal " : "exit ")
               << (by_signal ? WTERMSIG(status) : WEXITSTATUS(status))
               << "); services live on, starting another\n");
}

// A hello alone shows nothing: what kills an engine may be the first thing that it does afterwards.
void Keeper::judge_engine(int64_t now, bool killed) {
    if (!engine_said_hello_ || now - engine_started_ns_ < kGoodLifeNs) {
        ++short_lives_;
    } else {
        short_lives_ = 0;
        if (!runs_good_binary_) {
            const int before = good_binary_;
            good_binary_ = engine_binary_;
            engine_binary_ = before;
        }
    }
    engine_due_ns_ = now + restart_delay(short_lives_, killed);
}

void Keeper::engine_readable() {
    for (uint32_t i = 0; i < kPacketsPerTurn && engine_fd_ >= 0; ++i) {
        if (!read_engine_packet()) return;
    }
}

// False when there is none now. The end of the stream is seen here, the end of the engine by its SIGCHLD.
bool Keeper::read_engine_packet() {
    alignas(Request) char
        bytes[kMaxBatch * sizeof(Request) + 1];  // one more: what is too long is not taken for a batch
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(PassedFds::fds))];
    iovec part{bytes, sizeof bytes};
    msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(engine_fd_, &message, MSG_DONTWAIT);
    // ECONNRESET: the engine died with reports unread. What it asked for before comes after this.
    if (size < 0) return errno == EINTR || errno == ECONNRESET;
    if (size == 0) {  // closed: an engine that lives without its keeper's ear is of no use
        epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, engine_fd_, nullptr);
        if (engine_pid_ > 0) kill(engine_pid_, SIGKILL);
        return false;
    }
    PassedFds fds{};
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        const size_t passed = header->cmsg_len - CMSG_LEN(0);
        memcpy(fds.fds, CMSG_DATA(header), passed);
        fds.count = static_cast<uint32_t>(passed / sizeof(int));
    }
    handle_packet(bytes, static_cast<uint32_t>(size), fds);
    return true;
}

void Keeper::kill_stuck_engine(int64_t now) {
    if (!awaits_engine() || engine_pid_ == 0 || now - last_progress_ns_ < kStuckAfterNs) return;
    say(Text() << "supervisord: the engine has acknowledged nothing for 10 s; killing it\n");
    kill(engine_pid_, SIGKILL);
    last_progress_ns_ = now;
}

void Keeper::hello() {
    engine_said_hello_ = ever_hello_ = true;
    tell_waiter(0);
}

void Keeper::tell_waiter(int code) {
    if (options_.ready_fd < 0 || waiter_told_) return;
    const auto byte = static_cast<unsigned char>(code);
    (void)!write(options_.ready_fd, &byte, 1);
    close(options_.ready_fd);
    waiter_told_ = true;
}

}  // namespace yard::keeper
