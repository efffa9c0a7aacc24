// The processes that use objects: which one a descriptor names, and when it dies. The seam to pidfds and /proc.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/broker/registry.h"
#include "engine/host/proc.h"
#include "engine/loop/fd_watch.h"

struct uv_loop_s;

namespace yard::engine {

class ClientProcesses {
  public:
    // With its wait status (wait(2)), or ipc::kStatusUnknown.
    using OnDeath = std::function<void(ProcessId process, int32_t wait_status)>;

    virtual ~ClientProcesses() = default;
    // Which process a pidfd names. Fails for one that is dead.
    virtual Result<ProcessId> identify(const UniqueFd& pidfd) = 0;
    // The process that has this number now; nothing when there is none.
    virtual std::optional<ProcessId> find(pid_t pid) = 0;
    // From now on `on_death` hears of its end, once. Fails with ESRCH when it is dead already; with anything else it may
    // be alive. Watching again changes nothing. `pidfd`, if there is one, must be what identify() knew it by.
    virtual Status watch(ProcessId process, UniqueFd pidfd) = 0;
    Status watch(ProcessId process) { return watch(process, UniqueFd()); }
    virtual void forget(ProcessId process) = 0;
    // The inodes of the memfds that it maps or has open. Nothing: that is not for the daemon to see, or too much.
    virtual std::optional<std::set<ino_t>> memory_of(ProcessId process) = 0;

    OnDeath on_death = [](ProcessId, int32_t) {};
};

// Threads: the loop's only.
class SystemClientProcesses final : public ClientProcesses {
  public:
    explicit SystemClientProcesses(uv_loop_s* loop) : loop_(loop) {}

    Result<ProcessId> identify(const UniqueFd& pidfd) override;
    std::optional<ProcessId> find(pid_t pid) override;
    using ClientProcesses::watch;
    Status watch(ProcessId process, UniqueFd pidfd) override;
    void forget(ProcessId process) override;
    std::optional<std::set<ino_t>> memory_of(ProcessId process) override;

  private:
    struct Watched {
        UniqueFd pidfd;
        FdWatch watch;  // goes before what it watches
    };
    void died(ProcessId process);
    int32_t wait_status(ProcessId process, const UniqueFd& pidfd) const;

    uv_loop_s* const loop_;
    const SystemProcFs proc_;
    std::map<ProcessId, Watched> watched_;
};

}  // namespace yard::engine
