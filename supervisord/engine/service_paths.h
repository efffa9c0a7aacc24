// Where a service's files lie in the runtime directory.
#pragma once

#include <string>

namespace yard::engine {

struct ServicePaths {
    std::string runtime;
    std::string control_socket;

    std::string output(const std::string& service) const { return runtime + "/out/" + service; }
    std::string command(const std::string& service) const { return runtime + "/command/" + service; }
    std::string notify(const std::string& service) const { return runtime + "/notify/" + service; }
    std::string ready(const std::string& service) const { return runtime + "/ready/" + service; }
};

}  // namespace yard::engine
