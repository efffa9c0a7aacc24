// The configuration in force, which the keeper holds so that a killed engine comes back with the same, whatever the
// files say by then. Each is held under a number: a reload adds the next one, and the moment the keeper has it, that
// one is in force for whoever looks next. The one before stays until everything that it alone configured has stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "conf/config.h"
#include "conf/loader.h"
#include "engine/held_fds.h"
#include "engine/keeper_link.h"
#include "engine/options.h"
#include "engine/startup.h"

namespace yard::engine {

class KeptConfig {
  public:
    // What an earlier engine loaded, or what the files say now; `config` gets it.
    static Started<KeptConfig> open(const Options& options, KeeperLink& link, HeldFds& held,
                                    conf::Config* config);

    // Loaded anew: nobody needs it but a reload.
    Started<conf::Config> current() const;
    // Nothing: no reload is under way.
    std::optional<Started<conf::Config>> previous() const;

    // Where the values of a service were written, in the configuration in force or in the one before; nothing if
    // that cannot be read. Reads it once more, and remembers what is in force.
    std::optional<conf::KeyOrigins> origins(const std::string& service, bool in_force) const;

    // What the same files say now.
    struct Candidate {
        conf::Config config;                     // meaningful only without mistakes
        std::vector<conf::Diagnostic> mistakes;  // all of them
        std::string bundle;
    };
    Candidate read_files() const;
    // What the keeper would hold of it.
    Result<UniqueFd> copy(const Candidate& candidate) const;
    // Puts it in force, for the next engine.
    void replace(const UniqueFd& copy, KeeperLink& link) const;
    void forget_previous(KeeperLink& link);

  private:
    std::string path_;
    uint32_t number_ = 0;
    UniqueFd current_, previous_;
    mutable std::optional<conf::Origins> origins_;  // in the current one, once asked for
};

}  // namespace yard::engine
