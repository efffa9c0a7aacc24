// The keeper and the processes, as the broker sees them, without either.
#pragma once

#include <fcntl.h>

#include <map>
#include <set>
#include <utility>

#include "engine/broker/client_processes.h"
#include "engine/broker/object_store.h"

namespace yard::engine {

class FakeObjectKeeper final : public ObjectKeeper {
  public:
    void hold(HeldKind kind, uint32_t number, int fd) override {
        held.insert_or_assign(held_name(kind, number), UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    }
    void release(HeldKind kind, uint32_t number) override { held.erase(held_name(kind, number)); }
    void flush() override {}

    // What the next engine inherits.
    HeldFds inherited() const {
        Inventory inventory;
        for (const auto& [name, fd] : held)
            inventory.held.emplace_back(name, fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
        return HeldFds(inventory);
    }
    size_t count(HeldKind kind) const {
        size_t count = 0;
        for (const auto& [name, fd] : held) count += name >> 32 == static_cast<uint64_t>(kind) ? 1 : 0;
        return count;
    }

    std::map<uint64_t, UniqueFd> held;
};

// A process is alive while the test says so. A pidfd stands for whom the test says next.
class FakeProcesses final : public ClientProcesses {
  public:
    std::set<ProcessId> alive, watched;
    std::map<ProcessId, std::set<ino_t>> memory;  // what they map
    bool out_of_descriptors = false;
    ProcessId next;

    Result<ProcessId> identify(const UniqueFd&) override { return next; }
    std::optional<ProcessId> find(pid_t pid) override {
        for (const ProcessId process : alive) {
            if (process.pid == pid) return process;
        }
        return std::nullopt;
    }
    using ClientProcesses::watch;
    Status watch(ProcessId process, UniqueFd) override {
        if (out_of_descriptors) return fail("no descriptor is left", EMFILE);
        if (!alive.contains(process)) return fail("it is dead", ESRCH);
        watched.insert(process);
        return Ok();
    }
    void forget(ProcessId process) override { watched.erase(process); }
    std::optional<std::set<ino_t>> memory_of(ProcessId process) override { return memory[process]; }

    void kill(ProcessId process, int32_t status = 9) {
        alive.erase(process);
        if (watched.erase(process) != 0) on_death(process, status);
    }
};

}  // namespace yard::engine
