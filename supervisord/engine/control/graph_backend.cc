#include "engine/control/graph_backend.h"

#include <sys/resource.h>

#include "engine/loop/loop_timer.h"

namespace yard::engine::control {
namespace {

struct LoopAlarm final : ControlBackend::Pending {
    LoopAlarm(uv_loop_s* loop, Duration after, std::function<void()> callback) : timer(loop) {
        timer.start(after, std::move(callback));
    }
    LoopTimer timer;
};

}  // namespace

GraphBackend::GraphBackend(ServiceGraph& graph, const Clock& clock, uv_loop_s* loop)
    : graph_(graph), clock_(clock), loop_(loop), own_nice_(getpriority(PRIO_PROCESS, 0)) {}

std::optional<int> GraphBackend::nice(ServiceId id) const {
    const ServiceFacts& facts = graph_.facts(id);
    if (facts.has_nice_override) return facts.nice_override;
    if (const auto& configured = graph_.config(id).nice) return configured;
    return facts.pid > 0 ? std::optional(own_nice_) : std::nullopt;
}

std::unique_ptr<ControlBackend::Pending> GraphBackend::alarm(Duration after, std::function<void()> callback) {
    return std::make_unique<LoopAlarm>(loop_, after, std::move(callback));
}

}  // namespace yard::engine::control
