// The engine: everything that decides, put together. One loop; killed at any moment, the next one goes on.
//
// Threads: the loop's only (logs have their own thread behind LogRouter).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/audit_log.h"
#include "engine/aux_commands.h"
#include "engine/broker_host.h"
#include "engine/control/methods.h"
#include "engine/control/role_table.h"
#include "engine/control/server.h"
#include "engine/deferred.h"
#include "engine/engine_backend.h"
#include "engine/event_hub.h"
#include "engine/folders.h"
#include "engine/held_fds.h"
#include "engine/host/cgroup.h"
#include "engine/kept_config.h"
#include "engine/log_router.h"
#include "engine/loop/fd_watch.h"
#include "engine/loop/loop.h"
#include "engine/loop/loop_timer.h"
#include "engine/options.h"
#include "engine/reload.h"
#include "engine/service_files.h"
#include "engine/service_graph.h"
#include "engine/service_host.h"
#include "engine/service_images.h"
#include "engine/slot_map.h"
#include "engine/startup.h"
#include "engine/state_file.h"

namespace yard::engine {

class Engine {
  public:
    // Takes over from an earlier engine, or starts afresh. `link` has read its inventory.
    static Started<std::unique_ptr<Engine>> create(const Options& options, KeeperLink link,
                                                   const Inventory& inventory);
    ~Engine();

    // Until the daemon ends. The keeper has been told the exit code by then.
    void run();

    // Orderly stop of everything, by way of the keeper, which repeats the signal to the next engine if this one dies.
    void request_shutdown();

  private:
    // What the configuration says, and what there was to be done about the one before.
    struct Plan {
        conf::Config config;
        ReloadPlan reload;
        Reload::Check can_start;
    };
    Engine(KeeperLink link, HeldFds held, const decltype(Inventory::welcome)& welcome, Folders folders,
           conf::DaemonConfig config, StateFile state);

    Started<Unit> set_up(const Inventory& inventory, Plan plan, KeptConfig kept, UniqueFd control_socket);
    Started<Unit> build_graph(const Inventory& inventory, Plan& plan);
    Status open_logs();
    Status open_broker(const std::vector<conf::ObjectConfig>& objects);
    std::vector<std::string> cells() const;
    void assign_slots(const Inventory& inventory);
    void mark_outdated(ServiceId id);
    void begin(const Inventory& inventory, const ReloadPlan& plan);
    void read_keeper();
    void on_report(const keeper::Report& report);
    void on_signal(int number);
    void reload_by_signal();
    void hand_over();
    void on_transition(ServiceId id, const ServiceFacts& facts);
    void end_of_turn();
    void schedule_deadline();
    void finish_shutdown();
    void leave();
    int exit_code() const;
    ServiceId service_of(const std::string& name) const;

    SystemClock clock_;
    Loop loop_;
    KeeperLink link_;
    HeldFds held_;
    const Folders folders_;
    const conf::DaemonConfig config_;
    StateFile state_;
    SlotMap slots_;
    Deferred deferred_;
    ServiceFiles files_;
    ServiceImages images_;
    std::unique_ptr<CgroupManager> cgroups_;
    EventHub events_;
    AuditLog audit_;
    const SystemUserDatabase users_;
    control::RoleTable roles_;
    control::RingLedger ledger_;
    ServiceHost host_;
    ServiceGraph graph_;
    std::unique_ptr<AuxCommands> commands_;
    std::unique_ptr<LogRouter> logs_;
    std::unique_ptr<BrokerHost> broker_;
    std::unique_ptr<Reload> reload_;
    std::unique_ptr<EngineBackend> backend_;
    std::unique_ptr<control::Methods> methods_;
    std::unique_ptr<control::Server> server_;
    FdWatch keeper_watch_;
    LoopTimer deadline_timer_;
    LoopTimer flush_timer_;
    std::optional<BootTime> scheduled_;
    bool shutting_down_ = false;
    bool flushing_ = false;
};

}  // namespace yard::engine
