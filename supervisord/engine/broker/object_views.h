// How objects and their users look now. What lies in shared memory is shown, not believed.
#pragma once

#include <string>
#include <vector>

#include "engine/broker/object_store.h"
#include "engine/control/ipc_backend.h"

namespace yard::engine {

// `path`: of a pipe.
control::IpcObject view_of(Object& object, std::string path, BootTime now);
// Without the names of services, in the order of their owner slots. REQUIRES nothing: a pipe has none.
std::vector<control::IpcUser> users_of(const Object& object, const Registry& registry, WallTime now);

}  // namespace yard::engine
