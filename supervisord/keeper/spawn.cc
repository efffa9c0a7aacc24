#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/keeper.h"

namespace yard::keeper {
namespace {

constexpr int kLanePatienceMs = 5;

// clone3(2) without CLONE_VM or CLONE_VFORK: an exec that hangs (NFS) must not stall the keeper.
long clone_into(int cgroup_fd, uint64_t flags) {
    clone_args args;
    memset(&args, 0, sizeof args);
    args.exit_signal = SIGCHLD;
    args.flags = flags;
    if (cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;  // kernel 5.7
        args.cgroup = static_cast<uint64_t>(cgroup_fd);
    }
    return syscall(SYS_clone3, &args, sizeof args);
}

// The record is not there for children to look at.
bool is_lane(int fd) {
    return fd >= kFirstLane && fd < kFirstLane + kLanes;
}

bool join(int cgroup_fd) {
    const int procs = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return write(procs, "0", 1) == 1;  // 0: the writer
}

}  // namespace

bool Keeper::read_header(uint32_t slot, ImageHeader* header) const {
    const auto offset = static_cast<off_t>(image_offset(slot));
    if (pread(arena_fd_, header, sizeof *header, offset) != sizeof *header) return false;
    header->cgroup[sizeof header->cgroup - 1] = '\0';
    return header->magic == kImageMagic && header->size >= sizeof *header && header->size <= kImageStride;
}

// By the names that the image gives. False: one is not there.
bool Keeper::find_given(uint32_t slot, const ImageHeader& header, GivenFds* given) const {
    given->count = header.passed_count;
    if (given->count == 0) return true;
    uint64_t names[kMaxPassed];
    const auto offset = static_cast<off_t>(image_offset(slot) + header.passed);
    const auto size = static_cast<ssize_t>(given->count * sizeof names[0]);
    if (given->count > kMaxPassed || pread(arena_fd_, names, static_cast<size_t>(size), offset) != size)
        return false;
    for (uint32_t i = 0; i < given->count; ++i) {
        given->fds[i] = held_fd(names[i]);
        if (given->fds[i] < 0) return false;
    }
    return true;
}

bool Keeper::start(uint32_t slot, uint32_t generation) {
    Record& target = record(slot);
    if (slot >= slots_end_) slots_end_ = slot + 1;
    target.generation = generation;
    target.state = RecordState::spawning;
    target.pid = target.shim_pid = target.status_fd = target.lane = target.main_pidfd = 0;
    target.stage = target.error = 0;
    target.armed = false;
    target.exit = {};
    target.owes_started = target.owes_exit = target.owes_tree_empty = false;
    target.started_ns = now_ns();
    ImageHeader header;
    int error = EINVAL;
    const SpawnStage stage = read_header(slot, &header) ? try_start(slot, header, &error) : SpawnStage::image;
    if (stage == SpawnStage::none) return true;
    target.stage = static_cast<uint16_t>(stage);
    target.error = static_cast<uint16_t>(error);
    return false;
}

SpawnStage Keeper::try_start(uint32_t slot, const ImageHeader& header, int* error) {
    Record& target = record(slot);
    GivenFds given;
    if (!find_given(slot, header, &given)) return *error = EBADF, SpawnStage::channels;
    int status[2];
    if (pipe2(status, O_CLOEXEC | O_NONBLOCK) != 0) return *error = errno, SpawnStage::process;
    // Before there is a child: one whose words nobody hears would count as starting for ever.
    const bool watched = watch(status[0], Source::start_status, slot);
    if (!watched) *error = errno;
    int cgroup_fd = -1;
    if (watched && header.cgroup[0] != '\0') {
        cgroup_fd = open(header.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (cgroup_fd < 0) *error = errno;
    }
    long pid = -1;
    if (watched && (header.cgroup[0] == '\0' || cgroup_fd >= 0)) {
        cells_[slot].main_pid = 0;
        cells_[slot].wait_status = 0;
        cells_[slot].main_ended = 0;
        // One that gets descriptors of ours needs the copy.
        if (given.count == 0) target.lane = take_lane(slot, &status[1]);
        pid = clone_child(cgroup_fd, target.lane != 0);
        if (pid < 0) *error = errno;
    }
    if (pid == 0) become_child(slot, header, given, status[1], clone3_works_ ? -1 : cgroup_fd);
    if (target.lane == 0) close(status[1]);
    if (cgroup_fd >= 0) close(cgroup_fd);
    if (pid < 0) return free_lane(&target), close(status[0]), SpawnStage::process;
    const bool shim = header.flags & kImageShim;
    (shim ? target.shim_pid : target.pid) = static_cast<int32_t>(pid);
    pids_.insert(static_cast<int32_t>(pid), slot);
    target.status_fd = status[0];
    return SpawnStage::none;
}

long Keeper::clone_child(int cgroup_fd, bool share_files) {
    const uint64_t flags = share_files ? CLONE_FILES : 0;
    long pid = clone3_works_ ? clone_into(cgroup_fd, flags) : -1;
    // Old container profiles refuse clone3, and kernels before 5.7 the cgroup: then a plain clone, and the child
    // joins its cgroup itself.
    if (pid < 0 && (!clone3_works_ || errno == ENOSYS || errno == EPERM || errno == E2BIG)) {
        clone3_works_ = false;
        pid = syscall(SYS_clone, SIGCHLD | flags, 0, 0, 0, 0);
    }
    return pid;
}

// Moves the descriptor into a free lane. 0: none is free, and the descriptor stays.
int Keeper::take_lane(uint32_t slot, int* fd) {
    if (free_lanes_ == 0) await_lane();
    for (int n = 0; n < kLanes; ++n) {
        if (!(free_lanes_ >> n & 1) || dup3(*fd, kFirstLane + n, O_CLOEXEC) < 0) continue;
        close(*fd);
        *fd = kFirstLane + n;
        free_lanes_ &= ~(1u << n);
        lane_slots_[n] = slot;
        return *fd;
    }
    return 0;
}

// For a child that cannot run (its cgroup may be frozen) only so long: then the next one copies all descriptors.
void Keeper::await_lane() {
    pollfd words[kLanes];
    nfds_t count = 0;
    for (uint32_t slot : lane_slots_) {
        if (record(slot).lane != 0) words[count++] = {record(slot).status_fd, POLLIN, 0};
    }
    if (count == 0 || poll(words, count, kLanePatienceMs) <= 0) return;
    for (uint32_t slot : lane_slots_) {
        if (record(slot).lane != 0) read_start_status(slot);
    }
}

// Closes the pipe's end in the lane; the number stays taken, so that no other descriptor lands there.
void Keeper::free_lane(Record* record) {
    if (record->lane == 0) return;
    dup3(kEngineSocketFd, record->lane, O_CLOEXEC);
    free_lanes_ |= 1u << (record->lane - kFirstLane);
    record->lane = 0;
}

void Keeper::become_child(uint32_t slot, const ImageHeader& header, const GivenFds& given, int status_fd,
                          int cgroup_fd) {
    const bool joined = cgroup_fd < 0 || join(cgroup_fd);
    const int error = errno;
    if (is_lane(status_fd)) leave_shared_files(status_fd, kFirstLane + kLanes);
    if (!joined) fail_start(status_fd, SpawnStage::process, error);
    const ChildPlan child{arena_fd_, image_offset(slot), header.size, status_fd, &inherited_, &given};
    if (!(header.flags & kImageShim)) run_child(child);
    const ShimTitle title{options_.title, options_.title_room, header.title};
    run_shim({child, slot, &cells_[slot], (header.flags & kImageLinger) != 0, title});
}

// What the child says: that it has left our descriptors, or why it failed. The end without a word: exec succeeded.
void Keeper::read_start_status(uint32_t slot) {
    Record& target = record(slot);
    if (target.status_fd <= 0) return;
    char words[1 + sizeof(StartFailure)];
    ssize_t size = read(target.status_fd, words, sizeof words);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const char* word = words;
    if (size > 0 && target.lane != 0) {
        free_lane(&target);
        ++word;
        if (--size == 0) return;
    }
    close(target.status_fd);
    target.status_fd = 0;
    StartFailure failure;
    if (size == sizeof failure) {  // its end, which follows, carries this
        memcpy(&failure, word, sizeof failure);
        target.stage = failure.stage;
        target.error = failure.error;
        return;
    }
    if (target.shim_pid > 0) target.pid = cells_[slot].main_pid;
    target.state = RecordState::running;
    owe(slot, &Record::owes_started);
}

// The child has ended: whatever it had to say lies in the pipe.
void Keeper::finish_start_status(uint32_t slot) {
    read_start_status(slot);
    free_lane(&record(slot));  // it ended before it could leave
    read_start_status(slot);
    // A sibling that copied all descriptors may keep the other end open for a while: its end would come as news.
    if (record(slot).status_fd > 0) close(record(slot).status_fd);
    record(slot).status_fd = 0;
}

}  // namespace yard::keeper
