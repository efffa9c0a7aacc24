// The handlers of the control methods. One file a group: methods_daemon.cc, methods_operate.cc,
// methods_events.cc, methods_ipc.cc, methods_logs.cc, methods_looking.cc, methods_reload.cc, methods_why.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/control/backend.h"
#include "engine/control/goal_task.h"
#include "engine/control/interface_table.h"
#include "engine/control/request_ledger.h"
#include "engine/control/service_json.h"
#include "engine/event_hub.h"

namespace yard::engine::control {

class Methods final : public Handlers {
  public:
    // All must outlive it, and it every call.
    Methods(ControlBackend& backend, EventHub& hub, RequestLedger& ledger)
        : backend_(backend), hub_(hub), ledger_(ledger) {}

    void get_info(Call& call) override;
    void get_interface_description(Call& call) override;
    void ping(Call& call) override;
    void get_version(Call& call) override;
    void doctor(Call& call) override;
    void diff(Call& call) override;
    void reload(Call& call) override;
    void await_reload(Call& call) override;
    void reload_service(Call& call) override;
    void shutdown(Call& call) override;

    void start(Call& call) override;
    void stop(Call& call) override;
    void restart(Call& call) override;
    void kill(Call& call) override;
    void renice(Call& call) override;

    void status(Call& call) override;
    void wait(Call& call) override;
    void ps(Call& call) override;
    void show(Call& call) override;

    void ipc_create(Call& call) override;
    void ipc_open(Call& call) override;
    void ipc_detach(Call& call) override;
    void ipc_list(Call& call) override;
    void ipc_who(Call& call) override;
    void ipc_settle(Call& call) override;
    void ipc_remove(Call& call) override;

    void logs(Call& call) override;
    void subscribe(Call& call) override;
    void why(Call& call) override;

  private:
    enum class Wish { start, stop, restart };
    void operate(Call& call, Wish wish);
    void apply(Wish wish, ServiceId id, const std::string& cause);
    std::vector<GoalTask::Target> goals(Wish wish, const std::vector<ServiceId>& ids, bool fresh) const;

    // The services that parameter `names` means; nothing: the call was answered with NoSuchService.
    std::optional<std::vector<ServiceId>> selected(Call& call) const;
    // The same where a caller must name at least one.
    std::optional<std::vector<ServiceId>> named(Call& call) const;
    // Is the call to be applied, or was it before? Nothing: its request_id was refused.
    std::optional<bool> is_fresh(Call& call) const;

    ControlBackend& backend_;
    EventHub& hub_;
    RequestLedger& ledger_;
};

// Answers with what became of services; those that it failed for go on record.
void answer_outcomes(Call& call, const ControlBackend& backend, const std::vector<Outcome>& outcomes);
Outcome outcome_of(ServiceId id, const Status& done);
std::vector<Outcome> outcomes_of(const ControlBackend& backend, const std::vector<GoalTask::Target>& targets);

// Answer with org.yardmaster.InvalidValue and org.yardmaster.Failed.
void answer_invalid(Call& call, const char* parameter, const std::string& message);
void answer_failed(Call& call, const Error& error);
// False: the call does not take the several replies that its method gives, and was answered so.
bool expect_more(Call& call);

}  // namespace yard::engine::control
