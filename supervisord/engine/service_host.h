// The world that the service graph acts on: processes through the keeper, cgroups, logs, notify sockets, probes.
// Translates and decides nothing; what it learns becomes an event of the graph.
//
// Threads: the loop's only.
#pragma once

#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/broker/broker.h"
#include "engine/deferred.h"
#include "engine/host/cgroup.h"
#include "engine/host/process_list.h"
#include "engine/keeper_link.h"
#include "engine/log_router.h"
#include "engine/loop/loop_timer.h"
#include "engine/notify/notify_socket.h"
#include "engine/ready/command_runner.h"
#include "engine/ready/probe.h"
#include "engine/reload_plan.h"
#include "engine/service_files.h"
#include "engine/service_graph.h"
#include "engine/service_images.h"
#include "engine/slot_map.h"
#include "engine/state_file.h"

struct uv_loop_s;

namespace yard::engine {

// Everything the host works with. All of it outlives the host.
struct HostParts {
    uv_loop_s* loop;
    const Clock* clock;
    KeeperLink* link;
    const SlotMap* slots;
    StateFile* state;
    CgroupManager* cgroups;
    ServiceImages* images;
    ServiceFiles* files;
    Deferred* deferred;
};

class ServiceHost : public Effects {
  public:
    using Transition = std::function<void(ServiceId, const ServiceFacts&)>;

    ServiceHost(const HostParts& parts, Transition on_transition);
    ~ServiceHost() override;

    // The rest of the circle. Before the first event.
    void connect(ServiceGraph* graph, LogRouter* logs, CommandRunner* commands, Broker* broker);

    // A new engine: takes up what the services of the earlier one left open (logs, notify sockets).
    void take_over(ServiceId id);
    void on_report(ServiceId id, const keeper::Report& report);
    // A line of output, for `ready: {log: ...}`.
    void on_line(ServiceId id, const std::string& line);
    // A spool memfd was made for the service.
    void on_spool(ServiceId id, int fd);

    // Effects
    void spawn(ServiceId id, uint32_t generation) override;
    void send_stop_signal(ServiceId id) override;
    void run_stop_command(ServiceId id) override;
    void kill_tree(ServiceId id) override;
    void begin_readiness(ServiceId id) override;
    void end_readiness(ServiceId id) override;
    std::string readiness_trouble(ServiceId id) const override;
    void arm(ServiceId id, uint32_t generation, const ArmTerms& terms) override;
    void disarm(ServiceId id) override;
    void persist(ServiceId id, const ServiceFacts& facts) override;
    void transitioned(ServiceId id, const ServiceFacts& facts) override;

    // On behalf of people.
    void signal(ServiceId id, int number, bool tree);
    // `done` comes later.
    void run_reload_command(ServiceId id, std::function<void(Status)> done);
    Status renice(ServiceId id, int nice);
    ServiceProcesses processes(ServiceId id) const;
    // Which service a process belongs to; empty: none.
    std::string service_of(pid_t pid) const;
    // The daemon's end has begun: from now on a service that is down leaves nothing outside this process.
    void begin_end() { ending_ = true; }
    // Releases what is left of all of them.
    void remove_traces();

    // ---- Reload.
    // What the keeper knew of each slot when this engine began: an image that it has started from is not laid again
    // for that generation. Before the first event.
    void learn(const Inventory& inventory);
    // Changes settings of running processes; `problem` hears the first failure of each service.
    using Problem = std::function<void(const std::string& service, const Error& error)>;
    void adjust(const std::vector<ReloadPlan::Adjustment>& adjustments, const Problem& problem);
    // Nothing starts without being asked for any more.
    void disarm_all();
    // Gives up everything that a stopped service holds, and its cell in the state file last; `done` comes later. Its
    // log files stay.
    void release(ServiceId id, std::function<void()> done);

    Now now() const { return {parts_.clock->now(), parts_.clock->wall_now()}; }

  private:
    struct Service {
        std::unique_ptr<NotifySocket> notify;
        std::unique_ptr<Probe> probe;
        std::optional<CgroupManager::Wait> empty_wait;
        CommandRunner::RunId stop_run = 0;
        int32_t shim_pid = 0;
        uint32_t line_generation = 0;  // whose line of `ready: log` is looked for, or came
        bool line_came = false;
        bool prepared = false;
        bool hard_to_kill = false;  // that was told
        enum class Cgroup : uint8_t { unknown, present, removed } cgroup = Cgroup::unknown;
        bool released = false;
        uint32_t started_generation = 0;  // by the keeper, as its inventory said
    };

    struct Adjusting {
        std::optional<int> nice;
        std::vector<conf::Rlimit> limits;
        bool told = false;  // a failure
    };

    Service& service(ServiceId id);
    bool in_cgroup() const { return parts_.cgroups->mode() == CgroupManager::Mode::v2; }
    uint32_t slot(ServiceId id) const { return parts_.slots->slot(id); }
    keeper::Key key(ServiceId id) const { return {slot(id), graph_->facts(id).generation}; }
    Status prepare(ServiceId id);
    Status prepare_notify(ServiceId id);
    Status lay_image(ServiceId id, uint32_t generation);
    Status open_log(ServiceId id, UniqueFd output);
    Status open_notify(ServiceId id, UniqueFd socket);
    void start_probe(ServiceId id, std::function<void()> on_ready);
    void look_for_line(ServiceId id);
    bool awaits_line(ServiceId id) const;
    // What a service says is heard once the graph knows that it runs.
    void listen_if_started(ServiceId id);
    void on_message(ServiceId id, const NotifyMessage& message);
    void tell_status(ServiceId id, const NotifyMessage& message);
    // Of its main process: the keeper or its shim; 0 without one.
    pid_t parent_of(ServiceId id) const { return in_cgroup() ? getppid() : services_[id].shim_pid; }
    bool belongs(ServiceId id, pid_t pid) const;
    bool tree_is_empty(ServiceId id, const keeper::Report& report);
    void on_ended(ServiceId id, const keeper::Report& report);
    void on_record(ServiceId id, const keeper::Report& report);
    void on_started(ServiceId id, const keeper::Report& report);
    Adjusting adjusting(ServiceId id, const ReloadPlan::Adjustment& adjustment) const;
    void forget_wait(Service* service);
    // Fails when it could not kill, or could not wait for the end: then it may be tried again.
    Status kill_cgroup(ServiceId id, uint32_t generation);
    void kill_again();
    void on_cgroup_empty(ServiceId id, uint32_t generation);
    void renew_cgroup(ServiceId id);
    void remove_cgroup(ServiceId id);

    const HostParts parts_;
    const Transition on_transition_;
    ServiceGraph* graph_ = nullptr;
    LogRouter* logs_ = nullptr;
    CommandRunner* commands_ = nullptr;
    Broker* broker_ = nullptr;
    std::vector<Service> services_;
    std::vector<std::pair<ServiceId, uint32_t>> unkilled_;  // with their generations; to be killed again
    LoopTimer kill_timer_;
    bool ending_ = false;
};

}  // namespace yard::engine
