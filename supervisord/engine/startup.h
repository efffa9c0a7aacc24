// The steps of an engine's start that can fail, each with the exit code of CONTRACT that a failure means.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "conf/loader.h"
#include "engine/held_fds.h"
#include "engine/keeper_link.h"
#include "engine/options.h"

namespace yard::engine {

inline constexpr int kExitUsage = 2;
inline constexpr int kExitTaken = 69;  // another daemon has the socket
inline constexpr int kExitSystem = 71;
inline constexpr int kExitConfig = 78;

struct StartError {
    std::string message;  // may have several lines
    int exit_code = kExitSystem;
};
template <typename T>
using Started = Result<T, StartError>;

// A line each.
std::string all_text(const std::vector<conf::Diagnostic>& diagnostics);

// `--check`: prints every mistake to standard error. The exit code.
int check_config(const Options& options);

// One daemon for a runtime directory: a lock that the keeper holds as long as it lives.
Started<Unit> take_lock(const std::string& runtime_dir, KeeperLink& link, HeldFds& held);

// The listening control socket, mode 0666: its peers are checked by their credentials.
Started<UniqueFd> open_control_socket(const std::string& path, KeeperLink& link, HeldFds& held);

}  // namespace yard::engine
