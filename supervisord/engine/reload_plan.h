// What a reload asks for beyond the new configuration itself, from two configurations. Pure: values in, values out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"

namespace yard::engine {

struct ReloadPlan {
    using Named = std::pair<std::string, conf::ServiceConfig>;
    // Services that are not configured any more, under the names that they run by, as they were configured.
    std::vector<Named> leaving;

    // Services that stay and whose configuration is another one, in whatever key.
    std::vector<std::string> changed;

    // Settings of running processes that change at once.
    struct Adjustment {
        std::string service;
        bool nice = false;                 // to what is configured now, or to the daemon's own
        std::vector<conf::Rlimit> limits;  // new ones
        std::vector<int> unlimited;        // resources without a limit of their own any more
    };
    std::vector<Adjustment> adjustments;

    // Services that require or want another one, and did not before.
    std::vector<std::pair<std::string, std::string>> needs;
};

ReloadPlan plan_reload(const conf::Config& before, const conf::Config& after);

}  // namespace yard::engine
