// Lays down what a child does between clone and exec (protocol/spawn_image.h). Pure: values in, bytes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "conf/config.h"
#include "engine/host/identity.h"

namespace yard::engine {

struct SpawnSpec {
    const conf::ServiceConfig* config = nullptr;
    std::vector<std::string> command;      // what to run: the service's, a probe's, a stop command
    std::vector<std::string> environment;  // "NAME=value", complete
    Identity identity;
    std::optional<int> nice;
    std::string output_path;  // opened for standard output and error
    // An object's descriptor, for the service under the number `fd`.
    struct Passed {
        uint64_t held = 0;  // under which name the keeper holds it; 0: `path` is opened
        std::string path;   // a FIFO
        int flags = 0;      // O_RDONLY, O_RDWR ...; what is held is opened anew unless this is O_RDWR
        int fd = -1;
    };
    std::vector<Passed> passed;
    std::string ready_path;  // FIFO for `ready: {fd: N}`; empty: none
    std::string cgroup;      // directory to be born in; empty: none
    bool shim = false;       // no cgroup: keep the tree together with a shim
    std::string shim_title;  // what ps(1) shows of it; empty: as the keeper
    bool linger = false;     // see kImageLinger
};

// The bytes for image_offset(slot). Fails when they do not fit, naming what is too large.
Result<std::string> make_spawn_image(const SpawnSpec& spec);

// The paths that execvp(3) would try for this program with this environment.
std::vector<std::string> program_candidates(const std::string& program,
                                            const std::vector<std::string>& environment);

// A value for WATCHDOG_PID and the like that the child overwrites with its own pid.
inline constexpr char kPidPlace[] = "0000000000";

}  // namespace yard::engine
