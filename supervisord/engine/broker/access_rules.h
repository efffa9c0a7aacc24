// Who may do what with an object. Pure.
#pragma once

#include <optional>
#include <string>

#include "conf/config.h"
#include "engine/broker/registry.h"
#include "engine/control/ipc_backend.h"

namespace yard::engine {

// ""; or why `peer` may not open the object, in a sentence. `use` is what the services of its uid declare of it.
std::string open_refusal(const control::IpcPeer& peer, const ObjectRecord& object, bool writable,
                         std::optional<conf::ObjectUse> use);

// ""; or why `peer` may not create or remove objects.
std::string manage_refusal(const control::IpcPeer& peer, const char* verb, const std::string& name);

}  // namespace yard::engine
