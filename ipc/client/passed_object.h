// The objects that a service was given at its start: nobody needs to be asked for them.
#pragma once

#include <optional>
#include <string>

#include "ipc/client/client.h"

namespace yard::ipc {

// Nothing: this process was not given it, or not to write to it, or it was removed since. What it gives has an empty id:
// there is nothing to detach.
std::optional<Opened> passed_object(const std::string& name, bool writable);

}  // namespace yard::ipc
