#include "helpers/keeper_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/child.h"
#include "keeper/orphans.h"
#include "keeper/shim.h"
#include "keeper/tree.h"
#include "protocol/spawn_image.h"

namespace yard::keeper {
namespace {

KeeperWorld* world = nullptr;
char name[] = "supervisord";
char* arguments[] = {name, nullptr};

void require(bool holds, const char* what) {
    if (holds) return;
    fprintf(stderr, "the keeper breaks a rule: %s\n", what);
    abort();
}

size_t open_descriptors() {
    size_t count = 0;
    for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void close_if(int fd) {
    if (fd > 0) close(fd);
}

}  // namespace

KeeperWorld::KeeperWorld() : keeper_(std::make_unique<Keeper>()), open_before_(open_descriptors()) {
    world = this;
    keeper_->free_lanes_ = 0;  // these children share no descriptors, and say nothing
    keeper_->options_ = {"/proc/self/exe", arguments, environ, nullptr, 0, -1};
    keeper_->epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    require(keeper_->make_room() && keeper_->slots_ == kSlots, "room for kSlots");
    processes_[kStranger] = {false, false, false, 0, eventfd(0, EFD_CLOEXEC)};
    keeper_->start_engine();
}

KeeperWorld::~KeeperWorld() {
    Keeper& k = *keeper_;
    for (uint32_t i = 0; i < k.held_end_; ++i) close(k.held_[i].fd);
    for (uint32_t slot = 0; slot < k.slots_; ++slot) {
        close_if(k.records_[slot].status_fd);
        close_if(k.records_[slot].main_pidfd);
    }
    for (const auto& [pid, process] : processes_) close_if(process.event);
    for (int fd : {k.engine_fd_, k.epoll_fd_, k.arena_fd_, k.engine_binary_, k.good_binary_}) close_if(fd);
    engine_end_.reset();
    munmap(k.records_, k.slots_ * sizeof(Record));
    munmap(k.cells_, k.slots_ * sizeof(ShimCell));
    munmap(k.held_, kMaxHeld * sizeof(HeldFd));
    munmap(k.pids_.memory(), PidIndex::kBytes);
    require(open_descriptors() == open_before_, "no descriptor leaks");
    world = nullptr;
}

// ---- The engine's part

void KeeperWorld::send(const void* bytes, size_t size, const std::vector<int>& fds) {
    alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {};
    iovec part{const_cast<void*>(bytes), size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        *header = {CMSG_LEN(fds.size() * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    (void)!sendmsg(engine_end_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void KeeperWorld::lay(uint32_t slot, uint32_t flags) {
    ImageHeader header{};
    header.magic = kImageMagic;
    header.size = sizeof header;
    header.flags = flags;
    (void)!pwrite(keeper_->arena_fd_, &header, sizeof header, static_cast<off_t>(image_offset(slot)));
}

std::vector<Report> KeeperWorld::reports() {
    std::vector<Report> all;
    Report batch[kMaxBatch];
    for (ssize_t size; (size = recv(engine_end_.get(), batch, sizeof batch, MSG_DONTWAIT)) > 0;) {
        all.insert(all.end(), batch, batch + static_cast<size_t>(size) / sizeof(Report));
    }
    return all;
}

// ---- The kernel's part

// A shim tells the pid of its main process at once.
void KeeperWorld::start_shims() {
    for (uint32_t slot = 0; slot < keeper_->slots_end_; ++slot) {
        if (record(slot).shim_pid <= 0 || keeper_->cells_[slot].main_pid != 0) continue;
        processes_[next_pid_].child = false;
        keeper_->cells_[slot].main_pid = next_pid_++;
    }
}

void KeeperWorld::turn() {
    start_shims();
    keeper_->loop_once();
    check();
}

void KeeperWorld::reap() {
    keeper_->reap_children();
    check();
}

void KeeperWorld::end(int32_t pid, int status) {
    const auto found = processes_.find(pid);
    if (found == processes_.end() || found->second.ended) return;
    found->second.ended = true;
    found->second.status = status;
    if (found->second.event >= 0) eventfd_write(found->second.event, 1);
    if (pid == keeper_->engine_pid_) engine_end_.reset();
    if (found->second.child) keeper_->children_wait_ = true;
}

void KeeperWorld::main_ends_in_shim(uint32_t slot, int status) {
    const int32_t shim = record(slot).shim_pid;
    if (shim <= 0 || keeper_->cells_[slot].main_ended) return;
    keeper_->cells_[slot].wait_status = status;
    keeper_->cells_[slot].main_ended = 1;
    processes_.erase(int32_t{keeper_->cells_[slot].main_pid});  // reaped by its shim
    keeper_->shim_notice(slot, shim);
    check();
}

void KeeperWorld::end_shim(uint32_t slot, int main_status) {
    if (record(slot).shim_pid <= 0) return;
    if (!keeper_->cells_[slot].main_ended) {
        keeper_->cells_[slot].wait_status = main_status;
        keeper_->cells_[slot].main_ended = 1;
        processes_.erase(int32_t{keeper_->cells_[slot].main_pid});
    }
    end(record(slot).shim_pid, 0);
}

int32_t KeeperWorld::kill_shim(uint32_t slot) {
    const auto main = processes_.find(int32_t{keeper_->cells_[slot].main_pid});
    if (record(slot).shim_pid <= 0) return 0;
    if (main != processes_.end()) main->second.child = true;
    end(record(slot).shim_pid, SIGKILL);
    const int32_t stray = add_child();
    processes_[stray].of_shim = true;
    return stray;
}

void KeeperWorld::replace_engine() {
    end(keeper_->engine_pid_, SIGKILL);
    turn();
    if (keeper_->engine_due_ns_ != 0) keeper_->engine_due_ns_ = 1;
    turn();
}

int64_t KeeperWorld::end_engine(int status) {
    end(keeper_->engine_pid_, status);
    reap();
    return (keeper_->engine_due_ns_ - now_ns_) / 1'000'000;
}

// ---- Invariants

void KeeperWorld::check() const {
    const Keeper& k = *keeper_;
    require(k.slots_end_ <= k.slots_, "slots_end_ is within the table");
    require(k.held_end_ <= kMaxHeld, "held_end_ is within the table");
    require(k.batch_size_ <= kMaxBatch, "a batch fits into a packet");
    uint32_t exits = 0;
    for (uint32_t slot = 0; slot < k.slots_; ++slot) {
        const Record& r = k.records_[slot];
        require(slot < k.slots_end_ || r.generation == 0, "what lies above slots_end_ is untouched");
        require(r.exit.generation == 0 || r.exit.generation == r.generation,
                "an exit is of the present generation");
        require(r.previous.generation == 0 || r.previous.generation < r.generation,
                "a previous exit is older");
        exits += (r.exit.generation != 0) + (r.previous.generation != 0);
    }
    require(exits == k.unacknowledged_, "unacknowledged_ counts the exits on record");
    check_owing();
    check_processes();
}

void KeeperWorld::check_owing() const {
    const Keeper& k = *keeper_;
    uint32_t queued = 0, walked = 0, last = kNobody;
    for (uint32_t slot = 0; slot < k.slots_; ++slot) {
        const Record& r = k.records_[slot];
        queued += r.queued;
        require(r.queued || !(r.owes_started || r.owes_exit || r.owes_previous || r.owes_tree_empty) ||
                    !k.inventory_done_,
                "who owes a report is in the list");
    }
    for (uint32_t slot = k.owing_head_; slot != kNobody; slot = k.records_[slot].next_owing) {
        require(slot < k.slots_ && k.records_[slot].queued && ++walked <= queued,
                "the list holds who is queued, once");
        last = slot;
    }
    require(walked == queued && last == k.owing_tail_, "the list ends at its tail");
}

void KeeperWorld::check_processes() const {
    const Keeper& k = *keeper_;
    for (uint32_t slot = 0; slot < k.slots_end_; ++slot) {
        const Record& r = k.records_[slot];
        const bool alive = r.state == RecordState::spawning || r.state == RecordState::running;
        require(alive || r.main_pidfd == 0, "a main process that ended is not watched");
        require(r.state != RecordState::lingering || r.shim_pid > 0 || k.strays_left_,
                "a tree lingers under its shim, or until the strays of a killed one are gone");
        if (!alive && r.shim_pid <= 0) continue;
        const int32_t pid = r.shim_pid > 0 ? r.shim_pid : r.pid;
        uint32_t owner;
        require(k.pids_.find(pid, &owner) && owner == slot, "the end of a process will find its slot");
        require(r.main_pidfd > 0 || is_child(pid), "what is not watched is a child");
    }
}

// ---- What the wrapped calls do

long KeeperWorld::clone() {
    if (starts_fail_) return errno = EAGAIN, -1;
    for (int fd = 0; copies_pipes_ && fd < 256; ++fd) {
        const bool writes = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY && fcntl(fd, F_GETPIPE_SZ) > 0;
        if (writes && fcntl(fd, F_GETFD) == FD_CLOEXEC)
            copied_pipe_ = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
    return add_child();
}

int32_t KeeperWorld::add_child() {
    processes_[next_pid_] = {};
    return next_pid_++;
}

void KeeperWorld::made_sockets(const int* ends) {
    const int size = 4096;
    if (small_sockets_) setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    engine_end_ = UniqueFd(fcntl(ends[1], F_DUPFD_CLOEXEC, 0));
}

int KeeperWorld::open_pidfd(int32_t pid) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return errno = ESRCH, -1;
    Process& process = found->second;
    if (process.event < 0) process.event = eventfd(process.ended, EFD_CLOEXEC);
    const int fd = fcntl(process.event, F_DUPFD_CLOEXEC, 0);
    pidfds_[fd] = pid;
    return fd;
}

bool KeeperWorld::is_child(int32_t pid) const {
    const auto found = processes_.find(pid);
    return found != processes_.end() && found->second.child;
}

std::vector<int32_t> KeeperWorld::children() const {
    std::vector<int32_t> found;
    for (const auto& [pid, process] : processes_) {
        if (process.child) found.push_back(pid);
    }
    return found;
}

void KeeperWorld::signal(int32_t pid, int number) {
    require(is_child(pid), "only unreaped children are signalled by number");
    if (number == SIGKILL) end(pid, SIGKILL);
}

int32_t KeeperWorld::wait_any(int* status) {
    bool any = false;
    for (auto& [pid, process] : processes_) {
        any = any || process.child;
        if (!process.child || !process.ended) continue;
        const int32_t reaped = pid;
        *status = process.status;
        close_if(process.event);
        processes_.erase(reaped);
        return reaped;
    }
    if (!any) errno = ECHILD;
    return any ? 0 : -1;
}

int KeeperWorld::wait_pidfd(int fd, siginfo_t* info) {
    const int32_t pid = pidfds_.at(fd);
    if (!is_child(pid)) return errno = ECHILD, -1;
    const Process process = processes_[pid];
    if (!process.ended) return 0;
    info->si_pid = pid;
    info->si_code = WIFEXITED(process.status) ? CLD_EXITED : CLD_KILLED;
    info->si_status = WIFEXITED(process.status) ? WEXITSTATUS(process.status) : WTERMSIG(process.status);
    close_if(process.event);
    processes_.erase(pid);
    return 0;
}

// ---- Functions of the keeper that only a child runs, or that only signal

int queue_signal(pid_t pid, int number, int) {
    return world->signal(pid, number), 0;
}
void leave_shared_files(int, unsigned) {}
bool came_from_shim(int32_t pid, bool) {
    return world->is_of_shim(pid);
}
void visit_children(void (*visit)(int32_t, void*), void* context) {
    for (const int32_t pid : world->children()) visit(pid, context);
}

void fail_start(int, SpawnStage, int) {
    abort();
}
void run_child(const ChildPlan&) {
    abort();
}
void run_shim(const ShimPlan&) {
    abort();
}

}  // namespace yard::keeper

// ---- System calls, by --wrap

using yard::keeper::world;

extern "C" {
int __real_socketpair(int, int, int, int*);
int __real_epoll_ctl(int, int, int, epoll_event*);
int __real_epoll_wait(int, epoll_event*, int, int);
int __real_poll(pollfd*, nfds_t, int);
int __real_clock_gettime(clockid_t, timespec*);

long __wrap_syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    const long first = va_arg(arguments, long);
    va_end(arguments);
    switch (number) {
        case SYS_clone3:
        case SYS_clone:
            return world->clone();
        case SYS_pidfd_open:
            return world->open_pidfd(static_cast<int32_t>(first));
        case SYS_pidfd_send_signal:
            return 0;
        default:
            abort();
    }
}

int __wrap_kill(pid_t pid, int number) {
    return world->signal(pid, number), 0;
}
pid_t __wrap_waitpid(pid_t, int* status, int) {
    return world->wait_any(status);
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t* info, int) {
    if (type == static_cast<idtype_t>(P_PIDFD)) return world->wait_pidfd(static_cast<int>(id), info);
    if (world->is_child(static_cast<int32_t>(id))) return 0;
    return errno = ECHILD, -1;
}

int __wrap_socketpair(int domain, int type, int protocol, int* ends) {
    const int result = __real_socketpair(domain, type, protocol, ends);
    if (result == 0) world->made_sockets(ends);
    return result;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
    if (operation == EPOLL_CTL_ADD && world != nullptr && world->watches_fail()) return errno = ENOMEM, -1;
    return __real_epoll_ctl(epoll, operation, fd, event);
}

int __wrap_epoll_wait(int fd, epoll_event* events, int count, int) {
    return __real_epoll_wait(fd, events, count, 0);
}
// Whoever reads the keeper's sentences is stuck.
int __wrap_poll(pollfd* fds, nfds_t count, int timeout) {
    return world != nullptr && count == 1 && fds->fd == 2 ? 0 : __real_poll(fds, count, timeout);
}

int __wrap_clock_gettime(clockid_t clock, timespec* time) {
    if (world == nullptr) return __real_clock_gettime(clock, time);
    time->tv_sec = world->now_ns() / 1'000'000'000;
    time->tv_nsec = world->now_ns() % 1'000'000'000;
    return 0;
}
}
