// The core of shared memory, which has no claims and no waiting but for its bell.
#pragma once

#include <cstddef>

#include "ipc/channel/bell.h"
#include "ipc/channel/segment.h"

namespace yard::ipc {

class SharedMemory {
  public:
    SharedMemory(const Segment&, OwnerId, Bell* bell) : bell_(bell) {}

    // Wakes who waits for it by a descriptor. Rings always, as readers cannot write a wish into memory.
    void notify() { bell_->ring(); }
    void want_bell() {}

  private:
    Bell* const bell_;
};

}  // namespace yard::ipc
