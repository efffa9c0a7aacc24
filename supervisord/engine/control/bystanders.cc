#include "engine/control/bystanders.h"

#include <unordered_set>

namespace yard::engine::control {

Bystanders::Bystanders(const ControlBackend& backend) : backend_(backend) {
    before_.reserve(backend.service_count());
    for (ServiceId id = 0; id < backend.service_count(); ++id) before_.push_back(course(id));
}

Bystanders::Course Bystanders::course(ServiceId id) const {
    const ServiceFacts& facts = backend_.facts(id);
    return {facts.wanted, facts.hold, facts.bounce || facts.actual == State::stopping};
}

std::vector<ServiceId> Bystanders::moved(const std::vector<ServiceId>& named) const {
    std::vector<ServiceId> ids;
    for (ServiceId id = 0; id < before_.size(); ++id) {
        if (before_[id] != course(id)) ids.push_back(id);
    }
    const std::unordered_set<ServiceId> asked(named.begin(), named.end());
    std::erase_if(ids, [&](ServiceId id) { return asked.contains(id); });
    return ids;
}

}  // namespace yard::engine::control
