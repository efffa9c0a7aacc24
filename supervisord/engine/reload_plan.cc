#include "engine/reload_plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "conf/diff.h"
#include "conf/instances.h"

namespace yard::engine {
namespace {

bool is_same(const conf::Rlimit& a, const conf::Rlimit& b) {
    return a.resource == b.resource && a.soft == b.soft && a.hard == b.hard;
}

ReloadPlan::Adjustment adjustment(const std::string& name, const conf::ServiceConfig& before,
                                  const conf::ServiceConfig& after) {
    ReloadPlan::Adjustment found{name, before.nice != after.nice, {}, {}};
    for (const conf::Rlimit& now : after.limits) {
        const auto same = [&](const conf::Rlimit& old) { return is_same(old, now); };
        if (std::ranges::none_of(before.limits, same)) found.limits.push_back(now);
    }
    for (const conf::Rlimit& old : before.limits) {
        if (std::ranges::find(after.limits, old.resource, &conf::Rlimit::resource) == after.limits.end())
            found.unlimited.push_back(old.resource);
    }
    return found;
}

std::unordered_set<std::string> needed_by(const conf::ServiceConfig& service) {
    std::unordered_set<std::string> names;
    for (const conf::Dependency& to : service.requires_) names.insert(to.service);
    for (const conf::Dependency& to : service.wants) names.insert(to.service);
    return names;
}

}  // namespace

ReloadPlan plan_reload(const conf::Config& before, const conf::Config& after) {
    ReloadPlan plan;
    for (conf::ServiceChange& change : conf::diff(before, after).changed) {
        for (std::string& name : change.stays) plan.changed.push_back(std::move(name));
    }
    std::unordered_map<std::string, conf::ServiceConfig> stays;
    for (auto& [name, service] : conf::expand_instances(after.services))
        stays.emplace(name, std::move(service));
    for (auto& [name, old] : conf::expand_instances(before.services)) {
        const auto found = stays.find(name);
        if (found == stays.end()) {
            plan.leaving.emplace_back(name, std::move(old));
            continue;
        }
        auto adjusted = adjustment(name, old, found->second);
        if (adjusted.nice || !adjusted.limits.empty() || !adjusted.unlimited.empty())
            plan.adjustments.push_back(std::move(adjusted));
        const auto needed = needed_by(old);
        for (const std::string& now : needed_by(found->second)) {
            if (!needed.contains(now)) plan.needs.emplace_back(name, now);
        }
    }
    return plan;
}

}  // namespace yard::engine
