// Services of an earlier daemon whose keeper was killed: they live on, and no other keeper can be their parent.
#pragma once

#include <string>
#include <vector>

#include "engine/host/proc.h"
#include "engine/service_facts.h"

namespace yard::engine {

// One sentence for the person who has to decide about them, or empty when none of `earlier` lives. REQUIRES: `earlier`
// is of this boot.
std::string tell_survivors(const std::vector<ServiceFacts>& earlier, const ProcFs& proc);

}  // namespace yard::engine
