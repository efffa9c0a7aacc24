// What a service waits for and misses, in words.
#pragma once

#include "engine/graph/topology.h"
#include "engine/words.h"

namespace yard::engine::graph {

// "waiting for db to be ready", of an edge that is not met.
Words waiting_for(const Edge& edge, const Node& dependency);

// "requires db, which failed: exit 1 after 3ms", of a dependency that is not expected up.
Words requires_missing(const Node& dependency);

}  // namespace yard::engine::graph
