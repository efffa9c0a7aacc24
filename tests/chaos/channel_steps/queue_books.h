// What queues hold, and what they should.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cases.h"
#include "ipc/channel/queue.h"

namespace steps {

using Texts = std::vector<std::string>;

inline std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
int put(yard::ipc::Queue& queue, const std::string& text, const yard::ipc::PutOptions& options = {});
// The next message; waits for what is delayed.
std::optional<std::string> take(yard::ipc::Queue& queue);
// All that is there, in order; then the dead letters, each with a cross.
Texts drain(World& world);
std::string show(const Texts& texts);

// What must be true of a queue.
struct QueueBooks {
    std::vector<Texts>
        killed;  // in order: one of these is there when the actor was killed and its claims are taken back
    std::vector<Texts> ended;  // in any order: one of these were delivered when it was stopped and went on
    unsigned held = 1;         // so many descriptors may be in use by those who are stopped
    bool in_order = true;
    bool others_leave_some = true;

    // Puts the checks of these books into the case.
    void keep(Case& into) const;
};

}  // namespace steps
