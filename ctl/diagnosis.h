// What the facts about a host and its daemon mean to a person: what there is, what something missing costs, and what to
// do about it.
#pragma once

#include <cerrno>
#include <string>
#include <vector>

#include "ctl/host_probe.h"
#include "ipc/varlink/json.h"

namespace yard::ctl {

struct Finding {
    enum class Level { good, weaker, broken };  // broken: services cannot run
    std::string subject;
    Level level = Level::good;
    std::string says;
    std::string costs = {};  // what is lost; empty when all is good
    std::string todo = {};
};
const char* to_string(Finding::Level level);

// The folder that the daemon keeps logs in, as this process sees it.
struct LogSpace {
    std::string folder;  // empty: no daemon said
    std::optional<Space> space;
    std::string problem;  // why there is no `space`
};

// `daemon` is the reply of the method Doctor; null where none answers.
std::vector<Finding> diagnose(const HostFacts& host, const varlink::Json& daemon, const LogSpace& logs);

}  // namespace yard::ctl
