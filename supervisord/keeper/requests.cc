#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/keeper.h"

namespace yard::keeper {
namespace {

// They ask for the end of everything, which takes as long as services take to stop: an engine that has taken note of one
// is not stuck, and one that takes over in between has to hear of it.
constexpr uint64_t kSignalsOfTheEnd = 1ULL << SIGTERM | 1ULL << SIGINT | 1ULL << SIGQUIT;

}  // namespace

void Keeper::handle_packet(const void* bytes, uint32_t size, PassedFds fds) {
    const auto count = static_cast<uint32_t>(size / sizeof(Request));
    if (size % sizeof(Request) == 0 && count <= kMaxBatch) {
        for (uint32_t i = 0; i < count; ++i) {
            Request request;
            memcpy(&request, static_cast<const char*>(bytes) + i * sizeof request, sizeof request);
            handle_request(request, &fds);
        }
    }
    for (int fd; (fd = fds.take()) >= 0;) close(fd);
}

// The engine counts as untrusted input: slots and generations are checked here, numbers where they are used.
void Keeper::handle_request(const Request& request, PassedFds* fds) {
    const Key& key = request.key;
    const bool keyed = key.slot < slots_ && key.generation > 0;
    Record* const known = keyed && key.slot < slots_end_ ? &record(key.slot) : nullptr;
    const bool current = known != nullptr && known->generation == key.generation;
    switch (request.type) {
        case RequestType::hello:
            hello();
            break;
        case RequestType::spawn:
            if (keyed) spawn(key);
            break;
        case RequestType::arm:
            if (known == nullptr || key.generation != known->generation + 1) break;
            known->armed = true;
            known->arm = request.arm;
            break;
        case RequestType::disarm:
            if (known != nullptr) known->armed = false;
            break;
        case RequestType::acknowledge:
            if (known != nullptr) acknowledge(key);
            break;
        case RequestType::acknowledge_signal:
            if (request.signal.number > 0 && request.signal.number < 64) {
                const uint64_t bit = 1ULL << request.signal.number;
                signals_pending_ &= ~bit;
                signals_standing_ |= bit & kSignalsOfTheEnd;
                last_progress_ns_ = now_ns();
            }
            break;
        case RequestType::signal:
        case RequestType::kill_tree:
            if (current) send_signal(request);
            break;
        case RequestType::set_main:
            if (current) set_main(request);
            break;
        case RequestType::hold:
            hold(request.name, fds->take());
            break;
        case RequestType::release:
            release(request.name);
            break;
        case RequestType::quit:
            exit_code_ = request.exit_code & 0xFF;
            break;
    }
}

void Keeper::hold(uint64_t name, int fd) {
    if (fd < 0) return;
    if (held_end_ == kMaxHeld) {
        close(fd);
        return;
    }
    held_[held_end_++] = {name, fd};
}

int Keeper::held_fd(uint64_t name) const {
    for (uint32_t i = 0; i < held_end_; ++i) {
        if (held_[i].name == name) return held_[i].fd;
    }
    return -1;
}

void Keeper::release(uint64_t name) {
    for (uint32_t i = 0; i < held_end_; ++i) {
        if (held_[i].name != name) continue;
        close(held_[i].fd);
        held_[i] = held_[--held_end_];
        --i;
    }
}

// A pid of ours is safe to signal: it names our own child, which cannot be reused before we reap it.
void Keeper::send_signal(const Request& request) {
    const Record& target = record(request.key.slot);
    const bool kill_all = request.type == RequestType::kill_tree;
    const int number = kill_all ? SIGKILL : request.signal.number;
    if (number < 0 || number > 64) return;
    if (target.shim_pid > 0) {
        kill(target.shim_pid, SIGCONT);  // one that somebody stopped would not hear the rest
        const ShimCommand command =
            request.signal.tree != 0 ? ShimCommand::signal_tree : ShimCommand::signal_main;
        if (kill_all) {
            kill(target.shim_pid, kShimKill);
        } else {
            queue_signal(target.shim_pid, kShimSignal, pack_command(command, number));
        }
    } else if (kill_all && target.state == RecordState::exited) {
        owe(request.key.slot,
            &Record::owes_tree_empty);  // it was when the shim ended; an engine may have missed that
    } else if (target.main_pidfd > 0) {
        syscall(SYS_pidfd_send_signal, target.main_pidfd, number, nullptr, 0);
    } else if (target.state == RecordState::spawning || target.state == RecordState::running) {
        kill(target.pid, number);
    }
}

// The engine has checked that the process belongs to the service's tree.
void Keeper::set_main(const Request& request) {
    const uint32_t slot = request.key.slot;
    Record& target = record(slot);
    const bool shim_gone =
        target.shim_pid == 0 && (target.state == RecordState::lingering || cells_[slot].main_pid != 0);
    if (target.state == RecordState::empty || target.state == RecordState::spawning || shim_gone ||
        !may_be_main(request.pid))
        return;
    if (target.shim_pid > 0) {
        if (queue_signal(target.shim_pid, kShimSignal, pack_command(ShimCommand::set_main, request.pid)) != 0)
            return;
    } else if (!follow(slot, request.pid)) {
        return;
    }
    if (target.exit.generation != 0) {
        --unacknowledged_;
        target.exit = {};
        target.owes_exit = false;
    }
    target.pid = request.pid;
    target.state = RecordState::running;
}

// Not the keeper, the engine, a shim, or what is a main process already: their ends are news of another kind.
bool Keeper::may_be_main(int32_t pid) const {
    uint32_t owner;
    return pid > 1 && pid != getpid() && pid != engine_pid_ && !pids_.find(pid, &owner);
}

// The process may be our child already, or become it when its parent ends, or be reaped by its parent: its
// pidfd tells in all cases, but a turn that reaps may come to it first.
bool Keeper::follow(uint32_t slot, int32_t pid) {
    Record& target = record(slot);
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) return false;  // gone already: the end of the old main process stands
    if (!watch(pidfd, Source::main_pidfd, slot)) return close(pidfd), false;
    if (target.main_pidfd > 0) close(target.main_pidfd);
    if (target.state == RecordState::running) pids_.remove(target.pid);
    target.main_pidfd = pidfd;
    pids_.insert(pid, slot);
    return true;
}

void Keeper::acknowledge(const Key& key) {
    Record& target = record(key.slot);
    ExitRecord* const exits[] = {&target.previous, &target.exit};
    for (ExitRecord* exit : exits) {
        if (exit->generation != key.generation) continue;
        exit->generation = 0;
        --unacknowledged_;
        last_progress_ns_ = now_ns();
    }
}

}  // namespace yard::keeper
