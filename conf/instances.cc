#include "conf/instances.h"

namespace yard::conf {

std::vector<std::pair<std::string, ServiceConfig>> expand_instances(const Config& config) {
    std::vector<std::pair<std::string, ServiceConfig>> expanded;
    for (const ServiceConfig& service : config.services) {
        if (service.instances == 1) {
            expanded.emplace_back(service.name, service);
            continue;
        }
        for (uint32_t i = 1; i <= service.instances; ++i) {
            expanded.emplace_back(service.name + "@" + std::to_string(i), service);
        }
    }
    return expanded;
}

}  // namespace yard::conf
