// What the control methods ask of the engine beyond the service graph.
#pragma once

#include <functional>

#include "engine/control/graph_backend.h"
#include "engine/log_router.h"
#include "engine/reload.h"
#include "engine/service_host.h"

namespace yard::engine {

class EngineBackend : public control::GraphBackend {
  public:
    struct Parts {
        ServiceGraph* graph;
        ServiceHost* host;
        Reload* reload;
        control::IpcBackend* ipc;
        LogRouter* logs;
        const Clock* clock;
        uv_loop_s* loop;
        const CgroupManager* cgroups;
        size_t slots;  // of the keeper
        std::string log_folder;
        std::function<void(std::string_view cause)> shutdown;
    };
    // All outlive it.
    explicit EngineBackend(Parts parts)
        : GraphBackend(*parts.graph, *parts.clock, parts.loop), parts_(std::move(parts)) {}

    std::string readiness_trouble(ServiceId id) const override { return parts_.host->readiness_trouble(id); }
    Status signal(ServiceId id, int number, bool tree, std::string_view by) override;
    Status renice(ServiceId id, int nice) override;
    std::unique_ptr<Pending> processes(
        const std::vector<ServiceId>& ids,
        std::function<void(const std::vector<control::ProcessInfo>&)> on_list) override;
    Description describe(ServiceId id) const override;
    uint64_t log_dropped_bytes(ServiceId id) const override;
    std::string log_problem(ServiceId id) const override { return parts_.logs->trouble(name(id)); }
    Result<std::unique_ptr<LogRouter::Stream>> query_logs(
        LogQuery query, std::function<void(std::vector<LogLineRecord>)> on_lines,
        std::function<void()> on_end) override;
    control::DaemonInfo daemon() const override;
    control::HostReport host() const override;
    bool is_gone(ServiceId id) const override { return parts_.graph->is_gone(id); }
    control::Reloading compare_configuration() override { return parts_.reload->compare(); }
    control::Reloading reload() override { return parts_.reload->apply(); }
    Status adjusted(ServiceId id) const override { return parts_.reload->adjusted(id); }
    void reload_service(ServiceId id, std::function<void(Status)> done) override;
    control::IpcBackend& ipc() override { return *parts_.ipc; }
    void shutdown(std::string_view cause) override { parts_.shutdown(cause); }

  private:
    const Parts parts_;
};

}  // namespace yard::engine
