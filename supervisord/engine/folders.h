// The folders that the daemon works in: options name them, then the environment, then who the user is.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "engine/host/users.h"
#include "engine/options.h"

namespace yard::engine {

struct Folders {
    std::string runtime;  // 0700, ours
    std::string socket;   // of the control protocol
    std::string logs;     // of services whose configuration names no file
    std::string audit;    // the file; its folder is made when something is to be written
};

// Makes what is missing; the folder for logs only if `keeps_logs`. Fails, in a sentence, also for a runtime
// directory that belongs to somebody else.
Result<Folders> make_folders(const Options& options, bool keeps_logs);

// What decides where a user's state is kept.
struct StateOwner {
    uid_t uid;
    std::string xdg_state_home;  // as in the environment; empty: not set
    std::string home;            // the same
};
// Of a daemon that was not told another. Fails when the user has no home.
Result<std::string> default_state_dir(const StateOwner& owner, const UserDatabase& users);

}  // namespace yard::engine
