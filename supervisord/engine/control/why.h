// Why a service is in its state, in plain sentences: its facts, what its configuration makes of them, what it waits
// for, and the events that led there.
#pragma once

#include <string>
#include <vector>

#include "engine/control/backend.h"
#include "engine/event_ring.h"

namespace yard::engine::control {

// One service in the chain.
struct WhyLink {
    ServiceId id = 0;
    std::string text;                  // "is in backoff for 200ms"
    std::vector<std::string> because;  // one leads to the next
};

// The services of `ids`, each followed by what it waits for, down to what waits for nobody. Each service once.
std::vector<WhyLink> explain(const ControlBackend& backend, const EventRing& events,
                             const std::vector<ServiceId>& ids);

// {"chain": [...]}
std::string why_json(const ControlBackend& backend, const std::vector<WhyLink>& chain);

}  // namespace yard::engine::control
