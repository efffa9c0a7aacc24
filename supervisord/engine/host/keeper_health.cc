#include "engine/host/keeper_health.h"

#include <cstdlib>
#include <string_view>

namespace yard::engine {

KeeperHealth keeper_health(const ProcFs& proc, pid_t keeper) {
    KeeperHealth health;
    constexpr std::string_view kLocked = "\nVmLck:";  // kB, proc(5)
    const std::string status = proc.read(keeper, "status").value_or("");
    if (const size_t at = status.find(kLocked); at != std::string::npos)
        health.memory_locked = std::strtoll(status.c_str() + at + kLocked.size(), nullptr, 10) > 0;
    if (const auto text = proc.read(keeper, "oom_score_adj")) health.oom_score_adj = std::atoi(text->c_str());
    return health;
}

}  // namespace yard::engine
