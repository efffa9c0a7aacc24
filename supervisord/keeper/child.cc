#include "keeper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/spawn_image.h"

namespace yard::keeper {
namespace {

// Descriptors of the image's own (a readiness FIFO on fd 3, say) are put below this number.
constexpr int kStatusFdFloor = 256;
static_assert(kFirstPassedFd == kStatusFdFloor + 1);

struct Image {
    char* base;
    uint32_t size;
    int status_fd;

    const ImageHeader& header() const { return *reinterpret_cast<const ImageHeader*>(base); }
    bool holds(uint64_t offset, uint64_t bytes) const { return offset <= size && bytes <= size - offset; }
};

// Turns a table of offsets into pointers where it lies. The list and each string end inside the image, because
// the image's last byte is checked to be NUL.
char** relocate(const Image& image, uint32_t table) {
    if (table == 0 || table % sizeof(uint64_t) != 0) fail_start(image.status_fd, SpawnStage::image, EINVAL);
    for (uint64_t at = table; image.holds(at, sizeof(uint64_t)); at += sizeof(uint64_t)) {
        auto* entry = reinterpret_cast<uint64_t*>(image.base + at);
        if (*entry == 0) return reinterpret_cast<char**>(image.base + table);
        if (!image.holds(*entry, 1)) break;
        *entry = reinterpret_cast<uint64_t>(image.base + *entry);
    }
    fail_start(image.status_fd, SpawnStage::image, EINVAL);
}

void run_steps(const Image& image) {
    const ImageHeader& header = image.header();
    if (header.steps % alignof(ImageStep) != 0 ||
        !image.holds(header.steps, static_cast<uint64_t>(header.step_count) * sizeof(ImageStep))) {
        fail_start(image.status_fd, SpawnStage::image, EINVAL);
    }
    const auto* steps = reinterpret_cast<const ImageStep*>(image.base + header.steps);
    long result = 0;
    for (uint32_t i = 0; i < header.step_count; ++i) {
        const ImageStep& step = steps[i];
        long args[6];
        for (int a = 0; a < 6; ++a) {
            if (step.kinds[a] == StepArg::offset && !image.holds(step.args[a], 1)) {
                fail_start(image.status_fd, SpawnStage::image, EINVAL);
            }
            args[a] = step.kinds[a] == StepArg::result   ? result
                      : step.kinds[a] == StepArg::offset ? reinterpret_cast<long>(image.base + step.args[a])
                                                         : static_cast<long>(step.args[a]);
        }
        const long got = syscall(step.call, args[0], args[1], args[2], args[3], args[4], args[5]);
        if (got < 0 && !(step.flags & kStepMayFail)) fail_start(image.status_fd, step.stage, errno);
        if (!(step.flags & kStepKeepResult)) result = got;
    }
}

void write_pid(const Image& image, uint32_t place) {
    if (place == 0) return;
    if (!image.holds(place, kPidPlaceSize)) fail_start(image.status_fd, SpawnStage::image, EINVAL);
    char digits[kPidPlaceSize];
    uint32_t count = 0;
    for (int32_t pid = getpid(); pid > 0; pid /= 10) digits[count++] = static_cast<char>('0' + pid % 10);
    memset(image.base + place, 0, kPidPlaceSize);
    for (uint32_t i = 0; i < count; ++i) image.base[place + i] = digits[count - 1 - i];
}

// execvp(3)'s search: a program that is not there, or not for us, lets the next of the list try; EACCES is
// remembered because it says more than the ENOENT of the rest of the path. A lone program says it itself.
[[noreturn]] void exec(const Image& image) {
    char** programs = relocate(image, image.header().programs);
    char** argv = relocate(image, image.header().argv);
    char** env = relocate(image, image.header().env);
    int error = ENOENT;
    for (char** program = programs; *program != nullptr; ++program) {
        execve(*program, argv, env);
        if (errno == EACCES || programs[1] == nullptr) error = errno;
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) continue;
        error = errno;
        break;
    }
    fail_start(image.status_fd, SpawnStage::exec, error);
}

void restore_inherited(const Inherited& inherited) {
    prlimit(0, RLIMIT_NOFILE, &inherited.files, nullptr);
    if (inherited.oom_score_adj[0] == '\0') return;
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!write(fd, inherited.oom_score_adj, strlen(inherited.oom_score_adj));
    close(fd);
}

bool close_between(int first, int last) {
    return first > last || syscall(SYS_close_range, first, last, 0) == 0;
}

// Closes every descriptor from 3 on but that one.
bool close_all_but(int fd) {
    return close_between(3, fd - 1) && close_between(fd + 1, INT_MAX);
}

// The status pipe, out of the way of the image's own.
int keep_status(const ChildPlan& plan) {
    if (!close_all_but(plan.status_fd)) fail_start(plan.status_fd, SpawnStage::descriptors, errno);
    const int moved = fcntl(plan.status_fd, F_DUPFD_CLOEXEC, kStatusFdFloor);
    if (moved < 0) return plan.status_fd;  // a tiny RLIMIT_NOFILE: stay where we are
    close(plan.status_fd);
    return moved;
}

// The same, and behind it the descriptors that the image names. All are first put above the places that they go to,
// where some of them may lie.
int keep_given(const ChildPlan& plan) {
    const uint32_t count = plan.given->count;
    const int end = kFirstPassedFd + static_cast<int>(count);
    int above[1 + kMaxPassed];
    for (uint32_t i = 0; i <= count; ++i) {
        const int fd = i == 0 ? plan.status_fd : plan.given->fds[i - 1];
        above[i] = fcntl(fd, F_DUPFD_CLOEXEC, end);
        if (above[i] < 0) fail_start(plan.status_fd, SpawnStage::channels, errno);
    }
    for (uint32_t i = 0; i <= count; ++i) {
        if (dup3(above[i], kStatusFdFloor + static_cast<int>(i), O_CLOEXEC) < 0)
            fail_start(above[0], SpawnStage::channels, errno);
    }
    if (!close_between(3, kStatusFdFloor - 1) || !close_between(end, INT_MAX))
        fail_start(kStatusFdFloor, SpawnStage::descriptors, errno);
    return kStatusFdFloor;
}

Image map_image(const ChildPlan& plan, int status_fd) {
    void* base = mmap(nullptr, plan.image_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, plan.arena_fd,
                      static_cast<off_t>(plan.image_offset));
    if (base == MAP_FAILED) fail_start(status_fd, SpawnStage::image, errno);
    const Image image{static_cast<char*>(base), plan.image_size, status_fd};
    if (image.base[image.size - 1] != '\0') fail_start(status_fd, SpawnStage::image, EINVAL);
    return image;
}

}  // namespace

void fail_start(int status_fd, SpawnStage stage, int error) {
    const StartFailure failure{static_cast<uint16_t>(stage), static_cast<uint16_t>(error)};
    // One write of 4 bytes to an empty pipe is whole or not at all; if it fails there is nobody left to tell.
    (void)!write(status_fd, &failure, sizeof failure);
    _exit(127);
}

void leave_shared_files(int status_fd, unsigned end) {
    // An older kernel copies them all; closing them before they are ours would close the keeper's.
    if (syscall(SYS_close_range, end, ~0u, CLOSE_RANGE_UNSHARE) == 0 || unshare(CLONE_FILES) == 0) {
        (void)!write(status_fd, &kLeftFiles, 1);
        return;
    }
    const StartFailure failure{static_cast<uint16_t>(SpawnStage::descriptors), static_cast<uint16_t>(errno)};
    char words[1 + sizeof failure] = {kLeftFiles};
    memcpy(words + 1, &failure, sizeof failure);
    (void)!write(status_fd, words, sizeof words);
    _exit(127);
}

void run_child(const ChildPlan& plan) {
    Image image = map_image(plan, plan.status_fd);
    image.status_fd = plan.given->count == 0 ? keep_status(plan) : keep_given(plan);
    restore_inherited(*plan.inherited);
    for (uint32_t place : image.header().pid_places) write_pid(image, place);
    run_steps(image);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    exec(image);
}

}  // namespace yard::keeper
