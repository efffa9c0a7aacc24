// The services as they run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"

namespace yard::conf {

// With `instances: 2` a service named "worker" runs as "worker@1" and "worker@2", any other under its own name.
std::vector<std::string> instance_names(const ServiceConfig& service);

// Each under the name it runs by, in file order. `ServiceConfig::name` stays "worker".
std::vector<std::pair<std::string, ServiceConfig>> expand_instances(std::vector<ServiceConfig> services);

}  // namespace yard::conf
