// The rules that neighbours follow, as predicates over facts. Everything that decides asks here.
#pragma once

#include "conf/config.h"
#include "engine/graph/node.h"

namespace yard::engine::graph {

enum class EdgeKind : uint8_t { requires_, wants, after, conflicts };

// Has or may have a process.
bool has_process(const ServiceFacts& facts);

// In a state that a stop has to end: starting, running or completed.
bool is_up(const ServiceFacts& facts);

// By its wish, its hold or a requested restart it may not be up.
bool must_go_down(const ServiceFacts& facts);

// It is up or on its way there, and nobody has given it up.
bool expected_up(const ServiceFacts& facts);

// It is up as soon as its process runs.
bool ready_without_check(const conf::ServiceConfig& config);

// Could the keeper ever restart it by itself? Readiness checks begin in the engine, so
// it restarts what has one.
bool may_be_armed(const conf::ServiceConfig& config);

// Is `condition` true of the dependency? A one-shot without a readiness check is ready when it has completed.
bool condition_met(conf::Condition condition, const Node& dependency);

EdgeState evaluate(EdgeKind kind, conf::Condition condition, const Node& dependency);

// Does the stop of a dependency have to wait for this dependent?
bool holds_stop(EdgeKind kind, const ServiceFacts& dependent);

}  // namespace yard::engine::graph
