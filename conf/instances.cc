#include "conf/instances.h"

namespace yard::conf {

std::vector<std::pair<std::string, ServiceConfig>> expand_instances(std::vector<ServiceConfig> services) {
    std::vector<std::pair<std::string, ServiceConfig>> expanded;
    for (ServiceConfig& service : services) {
        if (service.instances == 1) {
            std::string name = service.name;
            expanded.emplace_back(std::move(name), std::move(service));
            continue;
        }
        for (uint32_t i = 1; i <= service.instances; ++i) {
            expanded.emplace_back(service.name + "@" + std::to_string(i), service);
        }
    }
    return expanded;
}

}  // namespace yard::conf
