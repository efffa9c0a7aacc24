// The part of the backend that the service graph and the loop's timers answer.
#pragma once

#include "engine/control/backend.h"

struct uv_loop_s;

namespace yard::engine::control {

class GraphBackend : public ControlBackend {
  public:
    // All must outlive it.
    GraphBackend(ServiceGraph& graph, const Clock& clock, uv_loop_s* loop);

    size_t service_count() const override { return graph_.size(); }
    const std::string& name(ServiceId id) const override { return graph_.name(id); }
    std::vector<ServiceId> find(std::string_view name) const override { return graph_.find(name); }
    const ServiceFacts& facts(ServiceId id) const override { return graph_.facts(id); }
    const conf::ServiceConfig& config(ServiceId id) const override { return graph_.config(id); }
    Now now() const override { return {clock_.now(), clock_.wall_now()}; }
    std::vector<Blocker> blockers(ServiceId id) const override { return graph_.blockers(id); }

    void start(ServiceId id, std::string_view cause) override { graph_.start(id, now(), cause); }
    void stop(ServiceId id, std::string_view cause) override { graph_.stop(id, now(), cause); }
    void restart(ServiceId id, std::string_view cause) override { graph_.restart(id, now(), cause); }

    std::optional<int> nice(ServiceId id) const override;
    std::unique_ptr<Pending> alarm(Duration after, std::function<void()> callback) override;

  protected:
    ServiceGraph& graph() { return graph_; }

  private:
    ServiceGraph& graph_;
    const Clock& clock_;
    uv_loop_s* const loop_;
    const int own_nice_;  // what services inherit
};

}  // namespace yard::engine::control
