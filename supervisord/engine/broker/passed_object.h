// What a service gets of one object at its start.
#pragma once

#include <cstdint>
#include <string>

#include "conf/config.h"
#include "ipc/channel/segment.h"

namespace yard::engine {

struct PassedObject {
    std::string name;
    conf::ObjectUse use = conf::ObjectUse::use;
    uint32_t number = 0;  // held by the keeper as HeldKind::channel and HeldKind::bell
    ipc::OwnerId owner = 0;
    std::string pipe;  // the path; empty: it is none
};

}  // namespace yard::engine
