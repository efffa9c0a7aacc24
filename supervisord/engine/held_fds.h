// Descriptors that outlive the engine: the keeper holds them under a name and the next engine inherits them.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/unique_fd.h"
#include "engine/keeper_link.h"

namespace yard::engine {

enum class HeldKind : uint32_t {
    lock = 1,  // of the runtime directory: one daemon each
    control,   // the listening control socket
    config,    // memfd: a configuration, see engine/kept_config.h
    output,    // per slot of a service: FIFO of its standard output and error
    spool,     // likewise: see engine/log_router.h
    notify,    // likewise: sd_notify socket
    ready,     // likewise: readiness FIFO
    registry,  // the broker's books
    channel,   // per number of an object in the registry: its memory, or the FIFO of a pipe
    bell,      // likewise: see ipc/channel/bell_pipe.h
};

constexpr uint64_t held_name(HeldKind kind, uint32_t slot = 0) {
    return static_cast<uint64_t>(kind) << 32 | slot;
}

// What this engine inherited. Whatever is not taken is closed with this object, and stays with the keeper.
class HeldFds {
  public:
    explicit HeldFds(const Inventory& inventory);
    // The descriptor, close-on-exec from now on; invalid when there is none.
    UniqueFd take(HeldKind kind, uint32_t slot = 0);
    // Under which numbers there are some of this kind.
    std::vector<uint32_t> numbers(HeldKind kind) const;

  private:
    std::map<uint64_t, UniqueFd> fds_;
};

}  // namespace yard::engine
