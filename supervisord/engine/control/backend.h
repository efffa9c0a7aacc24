// What the handlers of the control methods need of the world. Everything is answered at once; what takes time
// is seen later as events of the hub.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "conf/config.h"
#include "conf/diff.h"
#include "conf/loader.h"
#include "engine/control/ipc_backend.h"
#include "engine/host/keeper_health.h"
#include "engine/host/process_list.h"
#include "engine/log_router.h"
#include "engine/service_facts.h"
#include "engine/service_graph.h"
#include "ipc/varlink/json.h"

namespace yard::engine::control {

using ProcessInfo = ProcessRow;  // as ps shows it

struct DaemonInfo {
    pid_t pid = 0;
    pid_t keeper_pid = 0;
    std::string version;
};

// What the daemon found on this host.
struct HostReport {
    bool cgroups = false;
    std::string cgroup_reason;  // where they are, or why there are none
    size_t service_limit = 0;
    uint64_t open_files = 0;
    KeeperHealth keeper;
    std::string log_folder;
};

// What would change, or is going to.
struct Reloading {
    conf::Diff changes;
    std::vector<conf::Diagnostic> mistakes;  // in the files: nothing changes then
    std::string refusal;                     // why it cannot be now, in a sentence; empty: it can
};

class ControlBackend {
  public:
    virtual ~ControlBackend() = default;

    // A call to come once; destroying it before cancels it.
    class Pending {
      public:
        virtual ~Pending() = default;
    };

    // ---- Services: ids are 0 .. service_count() - 1.
    virtual size_t service_count() const = 0;
    virtual const std::string& name(ServiceId id) const = 0;
    // It was removed from the configuration, and nothing of it is left to see.
    virtual bool is_gone(ServiceId id) const = 0;
    // By exact name, or all instances of a service.
    virtual std::vector<ServiceId> find(std::string_view name) const = 0;
    virtual const ServiceFacts& facts(ServiceId id) const = 0;
    virtual const conf::ServiceConfig& config(ServiceId id) const = 0;
    virtual Now now() const = 0;
    // As ServiceGraph::blockers and Effects::readiness_trouble.
    virtual std::vector<Blocker> blockers(ServiceId id) const = 0;
    virtual std::string readiness_trouble(ServiceId id) const = 0;

    virtual void start(ServiceId id, std::string_view cause) = 0;
    virtual void stop(ServiceId id, std::string_view cause) = 0;
    virtual void restart(ServiceId id, std::string_view cause) = 0;

    // ---- Processes.
    // The nice value that the service was given, or would get; none: the daemon's.
    virtual std::optional<int> nice(ServiceId id) const = 0;
    // To the main process, or to every process of the service.
    // `by`: whom, in words.
    virtual Status signal(ServiceId id, int number, bool tree, std::string_view by) = 0;
    // For every process of the service, now and at its next starts.
    virtual Status renice(ServiceId id, int nice) = 0;
    // They are read beside the loop; `on_list` gets them once.
    virtual std::unique_ptr<Pending> processes(
        const std::vector<ServiceId>& ids, std::function<void(const std::vector<ProcessInfo>&)> on_list) = 0;

    // ---- The rest.
    // The configuration in force, and in the same shape where each value was written; nothing of that when it cannot
    // be told.
    struct Description {
        varlink::Json config, origins;
    };
    virtual Description describe(ServiceId id) const = 0;
    virtual uint64_t log_dropped_bytes(ServiceId id) const = 0;
    // Why its log cannot be written at present; mostly empty.
    virtual std::string log_problem(ServiceId id) const = 0;
    // As LogRouter::query.
    virtual Result<std::unique_ptr<LogRouter::Stream>> query_logs(
        LogQuery query, std::function<void(std::vector<LogLineRecord>)> on_lines,
        std::function<void()> on_end) = 0;
    virtual DaemonInfo daemon() const = 0;
    virtual HostReport host() const = 0;
    // The files as they are now against the configuration in force.
    virtual Reloading compare_configuration() = 0;
    // Puts them in force. If that changes something, this engine ends after this turn, and the next one does it.
    virtual Reloading reload() = 0;
    // Why a setting that the last reload changed could not be changed for the service's processes.
    virtual Status adjusted(ServiceId id) const = 0;
    // Asks the service to read its own files again. `done` comes at once or later. REQUIRES: it says how.
    virtual void reload_service(ServiceId id, std::function<void(Status)> done) = 0;
    // Stops everything in order, then ends the daemon. Returns at once.
    virtual void shutdown(std::string_view cause) = 0;

    // ---- Channel objects.
    virtual IpcBackend& ipc() = 0;

    virtual std::unique_ptr<Pending> alarm(Duration after, std::function<void()> callback) = 0;
};

}  // namespace yard::engine::control
