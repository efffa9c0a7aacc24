// The daemon's command line and the folders it works in.
#pragma once

#include <string>

#include "base/result.h"

namespace yard::engine {

struct Options {
    std::string config;  // -c; empty: the usual places
    std::string socket;  // --socket, $YARD_SOCKET; empty: in the runtime directory
    std::string runtime_dir;
    std::string state_dir;
    bool check = false;
    bool version = false;
    bool help = false;
};

// The error is a sentence for stderr (exit code 2).
Result<Options> parse_options(int argc, char** argv);

extern const char kUsage[];

struct Folders {
    std::string runtime;  // 0700, ours
    std::string state;
    std::string socket;  // of the control protocol
};

// Chooses by CONTRACT's order (options, environment, user) and makes what is missing. A runtime directory that
// belongs to somebody else is refused.
Result<Folders> make_folders(const Options& options);

// mkdir(2) with parents; an existing folder is fine.
Status make_folder(const std::string& path, unsigned mode);

}  // namespace yard::engine
