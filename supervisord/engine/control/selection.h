// The services that a caller names.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/control/backend.h"

namespace yard::engine::control {

struct UnknownName {
    std::string name;
    std::string nearest;  // empty: nothing is near
};

// Each of `names` is a service, one with instances (all of them) or a glob; each service comes once, in the
// order in which it is named first. `names` null: all services.
Result<std::vector<ServiceId>, UnknownName> select_services(const ControlBackend& backend,
                                                            const varlink::Json& names);

}  // namespace yard::engine::control
