#include "engine/control/graph_backend.h"

#include <sys/resource.h>

#include <cerrno>

#include "engine/control/loop_watchers.h"

namespace yard::engine::control {
namespace {

struct LoopAlarm final : ControlBackend::Alarm {
    LoopAlarm(uv_loop_s* loop, Duration after, std::function<void()> callback)
        : timer(loop, std::move(callback)) {
        timer.arm(after);
    }
    LoopTimer timer;
};

}  // namespace

std::optional<int> GraphBackend::nice(ServiceId id) const {
    const ServiceFacts& facts = graph_.facts(id);
    if (facts.pid > 0) {
        errno = 0;  // -1 is a nice value too
        const int value = getpriority(PRIO_PROCESS, static_cast<id_t>(facts.pid));
        if (errno == 0) return value;
    }
    if (facts.has_nice_override) return facts.nice_override;
    return graph_.config(id).nice;
}

std::unique_ptr<ControlBackend::Alarm> GraphBackend::alarm(Duration after, std::function<void()> callback) {
    return std::make_unique<LoopAlarm>(loop_, after, std::move(callback));
}

}  // namespace yard::engine::control
