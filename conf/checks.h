// What no single value can be blamed for: services that contradict themselves or each other.
#pragma once

#include <vector>

#include "conf/section_reader.h"

namespace yard::conf {

// A service by itself: no command, ready without a kind, a priority without its policy ...
void check_service(const Draft<ServiceConfig>& service, Report& report);

// All services together: unknown names, wrong conditions, conflicts with what is required, cycles, log files
// with two writers. REQUIRES: names are unique.
void check_services(const std::vector<Draft<ServiceConfig>>& services, const Draft<DaemonConfig>& daemon,
                    Report& report);

// An object by itself: too large, a dead letter that never comes ...
void check_object(const Draft<ObjectConfig>& object, Report& report);

// Objects and who names them: unknown names, uses that a kind does not have.
void check_objects(const std::vector<Draft<ObjectConfig>>& objects,
                   const std::vector<Draft<ServiceConfig>>& services, Report& report);

struct DependencyEdge {
    size_t to;             // number of the service that is waited for
    const char* relation;  // "requires"
    Mark mark;
};
using DependencyEdges = std::vector<std::vector<DependencyEdge>>;  // by the number of the service that waits

// Cycles over requires, wants and after, each named whole at the place of its first edge. No edge leads to
// its own start. Iterative: a chain may be as long as a file allows.
void check_cycles(const std::vector<Draft<ServiceConfig>>& services, const DependencyEdges& edges,
                  Report& report);

}  // namespace yard::conf
