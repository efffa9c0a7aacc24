// Making and removing objects.
#pragma once

#include <string>

#include "base/result.h"
#include "ipc/client/client.h"

namespace yard::ipc {

struct Creation {
    std::string kind, name;   // the kind as a word of the configuration
    varlink::Json options{};  // the keys of its section there; null: none
    bool ephemeral = false;   // goes with its last user
    bool exist_ok = false;
    int64_t mode = 0;  // permission bits; 0: as the daemon chooses
};

// False: it was there already (exist_ok).
Result<bool> create(Client& client, const Creation& creation);
Status remove(Client& client, const std::string& name);

}  // namespace yard::ipc
