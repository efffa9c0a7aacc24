#include "conf/instances.h"

namespace yard::conf {

std::vector<std::string> instance_names(const ServiceConfig& service) {
    if (service.instances == 1) return {service.name};
    std::vector<std::string> names;
    for (uint32_t i = 1; i <= service.instances; ++i) names.push_back(service.name + "@" + std::to_string(i));
    return names;
}

std::vector<std::pair<std::string, ServiceConfig>> expand_instances(std::vector<ServiceConfig> services) {
    std::vector<std::pair<std::string, ServiceConfig>> expanded;
    for (ServiceConfig& service : services) {
        std::vector<std::string> names = instance_names(service);
        std::string last = std::move(names.back());
        names.pop_back();
        for (std::string& name : names) expanded.emplace_back(std::move(name), service);
        expanded.emplace_back(std::move(last), std::move(service));
    }
    return expanded;
}

}  // namespace yard::conf
