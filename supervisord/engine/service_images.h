// What each service's child is to do, gathered from its configuration, its user, its files and the environment, and
// laid into the arena where the keeper's child finds it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "conf/config.h"
#include "engine/broker/passed_object.h"
#include "engine/host/identity.h"
#include "engine/host/privileges.h"
#include "engine/host/users.h"
#include "engine/service_paths.h"
#include "protocol/keeper_protocol.h"

namespace yard::engine {

struct SpawnSpec;

// One service to be started, or a command to be run in its place.
struct StartRequest {
    const conf::ServiceConfig* config = nullptr;
    std::string name;  // with the instance: "worker@2"
    std::vector<std::string> command =
        {};                        // empty: the service's own; else an auxiliary one, always under a shim
    std::optional<int> nice = {};  // instead of the configuration's
    std::string cgroup = {};       // empty: under a shim
    std::string output = {};       // the FIFO it writes to; empty: the service's, which leads into its log
    std::vector<PassedObject> objects = {};  // that it gets
    int32_t main_pid = 0;                    // of the service, for an auxiliary command; 0: none
};

class ServiceImages {
  public:
    // `arena_fd` is borrowed. `environment` is the daemon's, as environ(7).
    ServiceImages(int arena_fd, ServicePaths paths, char** environment);

    // Fails, in a sentence, for what can be known before the start: an unknown user, a missing privilege.
    Status lay(const StartRequest& request, uint32_t slot);

    // Who the service runs as. Asked of the user database once a user and group: that may block.
    Result<Identity> identity(const conf::ServiceConfig& config);
    // The user who owns the service's files.
    uid_t owner(const conf::ServiceConfig& config);

    const Privileges& privileges() const { return privileges_; }

  private:
    std::vector<std::string> environment(const StartRequest& request, const Identity& identity) const;
    void pass_objects(const StartRequest& request, SpawnSpec* spec) const;

    const int arena_fd_;
    const ServicePaths paths_;
    std::vector<std::string> inherited_;
    const SystemUserDatabase users_;
    const Privileges privileges_;
    using Who = std::tuple<std::string, std::string, std::optional<std::vector<std::string>>>;
    std::map<Who, Identity> identities_;  // by user, group and supplementary groups as configured
};

}  // namespace yard::engine
