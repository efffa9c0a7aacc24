// The types of the interface as JSON text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/control/backend.h"
#include "engine/event_hub.h"
#include "ipc/varlink/json.h"

namespace yard::engine::control {

// What became of one service named in a request.
struct Outcome {
    ServiceId id = 0;
    bool ok = true;
    std::string message = {};
    bool refused = false;  // the daemon itself lacks the right
    bool along = false;    // it was not named: it went along
};

// Whole parameter objects: {"services": [...]}, {"outcomes": [...]} and so on.
std::string services_json(const ControlBackend& backend, std::span<const ServiceId> ids);
std::string outcomes_json(const ControlBackend& backend, const std::vector<Outcome>& outcomes);
// One outcome with a state that the service has passed through.
std::string step_json(const Event& event);
std::string processes_json(const std::vector<ProcessInfo>& processes);
std::string lines_json(const LogLineRecord* begin, const LogLineRecord* end);
// `missed`: how many events before it were forgotten untold.
std::string event_json(const Event& event, uint64_t missed);

}  // namespace yard::engine::control
