// What a configured object is made of.
#pragma once

#include <cstdint>

#include "conf/config.h"
#include "ipc/channel/segment.h"

namespace yard::engine {

// REQUIRES: no pipe.
ipc::ObjectSpec spec_of(const conf::ObjectConfig& config);
bool is_same(const ipc::ObjectSpec& a, const ipc::ObjectSpec& b);

// The memory that an object can come to when all of it is used, in bytes.
uint64_t most_bytes(conf::ObjectConfig::Kind kind, const ipc::ObjectSpec& spec);

}  // namespace yard::engine
