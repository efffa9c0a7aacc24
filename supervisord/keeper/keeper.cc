#include "keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper/text.h"
#include "protocol/spawn_image.h"

namespace yard::keeper {
namespace {

constexpr uint32_t kEventsPerTurn = 64;
constexpr int kWatchedSignals[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, kShimNotice};

// Children must not inherit what the caller's caller ignored (nohup, say), and we read all signals from a
// file.
void reset_signals(sigset_t* watched) {
    for (int number = 1; number < 65; ++number) signal(number, SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    sigemptyset(watched);
    for (int number : kWatchedSignals) sigaddset(watched, number);
}

// Best effort: it takes privileges that containers rarely give, and the keeper works without.
void protect_from_oom(Inherited* inherited) {
    mlockall(MCL_CURRENT | MCL_ONFAULT);
    const int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    const ssize_t size = read(fd, inherited->oom_score_adj, sizeof inherited->oom_score_adj - 1);
    if (size <= 0 || pwrite(fd, "-1000", 5, 0) != 5) inherited->oom_score_adj[0] = '\0';
    close(fd);
}

// A daemon may be started with standard descriptors closed; ours must not land there, nor on the engine's
// socket.
bool fill_standard_fds() {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd < kEngineSocketFd);
    if (fd > kEngineSocketFd) close(fd);
    if (fd == kEngineSocketFd) fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd >= 0;
}

void raise_files_limit(Inherited* inherited) {
    prlimit(0, RLIMIT_NOFILE, nullptr, &inherited->files);
    const rlimit raised{inherited->files.rlim_max, inherited->files.rlim_max};
    prlimit(0, RLIMIT_NOFILE, &raised, nullptr);
}

void* reserve(size_t bytes, int flags) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

// A table that children get no copy of: sharing its pages at each clone, and taking each back by a page fault, would
// cost more than much of the rest of a start.
void* reserve_own(size_t bytes) {
    void* table = reserve(bytes, MAP_PRIVATE);
    if (table != nullptr) madvise(table, bytes, MADV_DONTFORK);
    return table;
}

}  // namespace

int64_t now_ns() {
    timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

bool complain(const char* what) {
    const Text sentence = Text() << "supervisord: " << what << ": " << strerror(errno) << "\n";
    (void)!write(2, sentence.c_str(), sentence.size());
    return false;
}

void say(const Text& sentence) {
    pollfd room{2, POLLOUT, 0};
    if (poll(&room, 1, 0) == 1) (void)!write(2, sentence.c_str(), sentence.size());
}

// Tables are sized once, from the number of descriptors that services can need here.
bool Keeper::make_room() {
    const uint64_t files = inherited_.files.rlim_max;
    const uint64_t wanted = files < 256 ? 64 : (files - 64) / 3;
    slots_ = wanted < kMaxSlots ? static_cast<uint32_t>(wanted) : kMaxSlots;
    records_ = static_cast<Record*>(reserve_own(slots_ * sizeof(Record)));
    cells_ = static_cast<ShimCell*>(reserve(slots_ * sizeof(ShimCell), MAP_SHARED));
    held_ = static_cast<HeldFd*>(reserve_own(kMaxHeld * sizeof(HeldFd)));
    void* pids = reserve_own(PidIndex::kBytes);
    if (records_ == nullptr || cells_ == nullptr || held_ == nullptr || pids == nullptr)
        return complain("cannot reserve memory");
    pids_.use(pids);
    arena_fd_ = memfd_create("yard-spawn-images", 0);  // not close-on-exec: the engine inherits it
    // Sparse: an image takes the pages it fills.
    if (arena_fd_ < 0 || ftruncate(arena_fd_, static_cast<off_t>(image_offset(slots_))) != 0) {
        return complain("cannot make the spawn arena");
    }
    return true;
}

bool Keeper::watch(int fd, Source source, uint32_t slot) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<uint64_t>(source) << 32 | slot;
    return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Keeper::watch_engine(uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<uint64_t>(Source::engine) << 32;
    epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, engine_fd_, &event);
}

bool Keeper::set_up() {
    sigset_t watched;
    if (!fill_standard_fds()) return complain("cannot open /dev/null");
    for (int lane = kFirstLane; lane < kFirstLane + kLanes; ++lane) dup3(kEngineSocketFd, lane, O_CLOEXEC);
    reset_signals(&watched);
    raise_files_limit(&inherited_);
    if (getpid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1);
    siginfo_t child;
    strangers_possible_ = getpid() == 1 || waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0;
    (void)!getrandom(&instance_, sizeof instance_, 0);
    signal_fd_ = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    if (signal_fd_ < 0 || epoll_fd_ < 0) return complain("cannot make the event loop");
    if (!watch(signal_fd_, Source::signals, 0)) return complain("cannot watch signals");
    if (!make_room()) return false;
    protect_from_oom(&inherited_);
    return true;
}

int Keeper::run(const Options& options) {
    options_ = options;
    if (!set_up()) return 71;
    start_engine();
    while (exit_code_ < 0) loop_once();
    tell_waiter(exit_code_);
    return exit_code_;
}

// How long the next wait may be: until an engine is due, or until this one counts as stuck.
int Keeper::patience_ms(int64_t now) const {
    if (children_wait_) return 0;
    int64_t due = engine_due_ns_;
    if (due == 0 && awaits_engine()) due = last_progress_ns_ + kStuckAfterNs;
    if (due == 0) return -1;
    return due <= now ? 0 : static_cast<int>((due - now) / 1'000'000 + 1);
}

void Keeper::loop_once() {
    flush_reports();
    epoll_event events[kEventsPerTurn];
    const int count = epoll_wait(epoll_fd_, events, kEventsPerTurn, patience_ms(now_ns()));
    for (int i = 0; i < count; ++i) {
        const auto slot = static_cast<uint32_t>(events[i].data.u64);
        switch (static_cast<Source>(events[i].data.u64 >> 32)) {
            case Source::signals:
                read_signals();
                break;
            case Source::start_status:
                read_start_status(slot);
                break;
            case Source::main_pidfd:
                main_pidfd_ready(slot);
                break;
            case Source::engine:
                if (events[i].events & EPOLLOUT) {
                    engine_full_ = false;
                    watch_engine(EPOLLIN);
                }
                if (events[i].events & ~static_cast<uint32_t>(EPOLLOUT)) engine_readable();
                break;
        }
    }
    if (children_wait_) reap_children();
    const int64_t now = now_ns();
    kill_stuck_engine(now);
    if (engine_due_ns_ != 0 && engine_due_ns_ <= now) start_engine();
}

void Keeper::read_signals() {
    signalfd_siginfo infos[16];
    ssize_t size;
    while ((size = read(signal_fd_, infos, sizeof infos)) > 0) {
        for (size_t i = 0; i < static_cast<size_t>(size) / sizeof infos[0]; ++i) {
            const int number = static_cast<int>(infos[i].ssi_signo);
            if (number == SIGCHLD) {
                children_wait_ = true;
            } else if (number == kShimNotice) {
                shim_notice(static_cast<uint32_t>(infos[i].ssi_int), static_cast<int32_t>(infos[i].ssi_pid));
            } else {
                take_signal(number);
            }
        }
    }
}

void Keeper::take_signal(int number) {
    if (!awaits_engine()) last_progress_ns_ = now_ns();
    signals_pending_ |= 1ULL << number;
    signals_unsent_ |= 1ULL << number;
}

}  // namespace yard::keeper
