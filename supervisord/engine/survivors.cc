#include "engine/survivors.h"

#include <unistd.h>

#include <algorithm>

namespace yard::engine {
namespace {

constexpr size_t kMostTold = 20;

// Is its main process still that one? Another that has the number by now began later than we last knew it to live.
bool lives(const ServiceFacts& facts, const ProcFs& proc) {
    const std::optional<ProcStat> stat = read_proc_stat(proc, facts.pid);
    if (!stat || stat->state == 'Z') return false;
    const auto tick = std::chrono::nanoseconds(std::chrono::seconds(1)) / sysconf(_SC_CLK_TCK);
    const int64_t began_ns = static_cast<int64_t>(stat->started_ticks) * tick.count();
    return began_ns <= std::max(facts.started_ns, facts.running_ns);
}

}  // namespace

std::string tell_survivors(const std::vector<ServiceFacts>& earlier, const ProcFs& proc) {
    std::string list;
    size_t count = 0;
    for (const ServiceFacts& facts : earlier) {
        if (facts.pid == 0 || !lives(facts, proc) || ++count > kMostTold) continue;
        list += (list.empty() ? "" : ", ") + std::string(facts.name.view()) + " (pid " +
                std::to_string(facts.pid) + ")";
    }
    if (count == 0) return "";
    if (count > kMostTold) list += " and " + std::to_string(count - kMostTold) + " more";
    return "still running from an earlier daemon, whose keeper was killed: " + list +
           "; they are not taken over: end them with kill(1), then `ctl restart` what they kept from "
           "starting";
}

}  // namespace yard::engine
