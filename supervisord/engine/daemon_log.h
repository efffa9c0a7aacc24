// The daemon's own log: what an operator should know about the daemon itself. Services' output goes elsewhere
// (engine/logs/). Synchronous, because what is queued dies with a SIGKILL. spdlog stays in daemon_log.cc.
//
// Threads: any, after open_daemon_log().
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace yard::engine {

// `level` as in conf (trace .. error). `file` empty: standard error.
Status open_daemon_log(const std::string& level, const std::string& file);
// Could it be opened? Changes nothing but that the file may be there afterwards.
Status check_daemon_log(const std::string& file);
// Closes and opens the file again by name; nothing for standard error.
void reopen_daemon_log();

void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace yard::engine
