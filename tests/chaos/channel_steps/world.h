// What the processes of one case share, and its return to an earlier moment.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ipc/channel/recovery.h"
#include "ipc/channel/segment.h"

namespace steps {

using yard::ipc::OwnerId;

// Who takes part: the one that is stepped through, the others, a sleeper, one that died in the middle before, one with claims.
inline constexpr OwnerId kActor = 1, kOther = 2, kSleeper = 3, kNeighbour = 4, kHolder = 5;

// What the actor reports. Shared, so that a double's report is seen.
struct Report {
    int result;
    bool put;         // a message "new" is in the queue, says the actor
    char taken[512];  // the message that it took
    uint64_t id;      // of its lease
};

struct World {
    explicit World(const yard::ipc::ObjectSpec& spec);
    ~World();
    World(const World&) = delete;

    yard::ipc::Segment segment;
    yard::ipc::Segment letters;  // a queue for dead letters
    Report& report;
    std::vector<std::string> seen;   // by the others while the actor was stopped
    std::vector<std::string> left;   // in the queue, by the others, for when it goes on
    bool broker_is_stopped = false;  // so that nobody moves dead letters
    std::shared_ptr<void> handle;    // of the actor, when it must have a past
};

// A copy of all that is shared and not zero.
class Moment {
  public:
    explicit Moment(const World& world);
    void bring_back() const;

  private:
    struct Part {
        std::byte* begin;
        std::vector<std::byte> bytes;
    };
    void keep(void* begin, size_t size);
    void keep(const yard::ipc::Segment& segment);
    std::vector<Part> parts_;
};

}  // namespace steps
