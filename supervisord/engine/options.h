// The daemon's command line.
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

}  // namespace yard::engine
