// The services as they run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"

namespace yard::conf {

// A service with `instances: 2` named "worker" gives "worker@1" and "worker@2", any other gives its own name;
// in file order. `ServiceConfig::name` stays "worker".
std::vector<std::pair<std::string, ServiceConfig>> expand_instances(std::vector<ServiceConfig> services);

}  // namespace yard::conf
