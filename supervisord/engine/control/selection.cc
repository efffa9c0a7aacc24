#include "engine/control/selection.h"

#include "base/text.h"

namespace yard::engine::control {
namespace {

std::vector<ServiceId> all_services(const ControlBackend& backend) {
    std::vector<ServiceId> ids;
    for (ServiceId id = 0; id < backend.service_count(); ++id) {
        if (!backend.is_gone(id)) ids.push_back(id);
    }
    return ids;
}

std::vector<ServiceId> find(const ControlBackend& backend, const std::string& name) {
    std::vector<ServiceId> found = backend.find(name);
    if (!found.empty() || !is_glob(name)) return found;
    for (const ServiceId id : all_services(backend)) {
        if (matches_glob(name, backend.name(id))) found.push_back(id);
    }
    return found;
}

std::string nearest_service(const ControlBackend& backend, const std::string& name) {
    std::vector<std::string> names;
    for (const ServiceId id : all_services(backend)) {
        names.push_back(backend.name(id));
        const size_t at = names.back().find('@');
        if (at != std::string::npos) names.push_back(names.back().substr(0, at));
    }
    return nearest_word(name, names);
}

}  // namespace

Result<std::vector<ServiceId>, UnknownName> select_services(const ControlBackend& backend,
                                                            const varlink::Json& names) {
    if (names.is_null()) return all_services(backend);
    std::vector<ServiceId> ids;
    std::vector<bool> named(backend.service_count());
    for (const varlink::Json& name : names.as_array()) {
        const std::vector<ServiceId> found = find(backend, name.as_string());
        if (found.empty()) {
            return Failure<UnknownName>{{name.as_string(), nearest_service(backend, name.as_string())}};
        }
        for (const ServiceId id : found) {
            if (!named[id]) ids.push_back(id);
            named[id] = true;
        }
    }
    return ids;
}

}  // namespace yard::engine::control
