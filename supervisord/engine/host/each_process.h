// Doing something to every process of some services while they go on forking.
#pragma once

#include <functional>
#include <vector>

#include "engine/host/process_list.h"

namespace yard::engine {

// Calls `act` once for each process that `list` gives. The list is asked for again until it has nothing new, so that
// what was forked meanwhile is found too; somebody who forks all the time does not keep us here.
void for_each_process(const std::function<std::vector<ProcessRow>()>& list,
                      const std::function<void(const ProcessRow&)>& act);

}  // namespace yard::engine
