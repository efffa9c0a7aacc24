// Ways to carry messages between processes, ours and others'. Each is made in the parent and used in children: what one
// must open for itself it opens at its first call.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace yard::bench {

class Carrier {
  public:
    virtual ~Carrier() = default;
    // Waits for room, for a message. All messages of a run have the same size. Abort when they fail.
    virtual void send(const void* bytes, size_t size) = 0;
    virtual void receive(void* bytes, size_t size) = 0;
    // The last message was sent, or received: whatever is still held back goes out.
    virtual void finish() {}
};

struct CarrierKind {
    std::string name;
    // Empty: it can be used here. Otherwise why not, and what would help.
    std::string missing = {};
    bool many_to_many = true;
    size_t max_size = 1 << 20;
    // For messages of `size` bytes and so many receivers.
    std::unique_ptr<Carrier> (*make)(size_t size, int receivers) = nullptr;
};

std::vector<CarrierKind> our_carriers();     // the floor, then ours
std::vector<CarrierKind> kernel_carriers();  // pipe, Unix socket, POSIX message queue
std::vector<CarrierKind>
library_carriers();  // Boost.Interprocess, ZeroMQ, iceoryx, Redis: those that were there at the build

}  // namespace yard::bench
