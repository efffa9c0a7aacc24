// The memory of one object: a memfd, sealed against resizing, that the broker creates and its users map.
//
//   page 0     SegmentHeader: what it is; where sleepers wait
//   ...        OwnerRecord of each owner slot (sparse: a page is there when one of its 64 slots was used)
//   kBodyBegin what the kind needs
//
// Nothing in it is trusted: whoever maps it may write it. The constants are checked and copied when it is mapped;
// every index, size and offset that is read later is checked against that copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/channel/event_count.h"
#include "ipc/channel/shared_word.h"

namespace yard::ipc {

enum class Kind : uint32_t { queue = 1, semaphore, lock, event, shm };

// An owner slot is one process's identity in one object: claims carry its number. The broker gives it at attach, and
// to nobody else before it took back all claims that carry it. Slot 0 is the broker's own.
using OwnerId = uint32_t;
inline constexpr uint32_t kOwnerSlots = 8192;
inline constexpr OwnerId kBroker = 0;

// What people are told about a user; the broker believes none of it.
struct alignas(64) OwnerRecord {
    SharedWord<uint32_t> pid;      // 0: the slot is free
    SharedWord<uint32_t> waiting;  // threads that wait now
    SharedWord<int64_t> since_ns;  // of the attach, CLOCK_BOOTTIME
    SharedWord<int64_t> waiting_since_ns;
};

// What a kind's body is made of; fields without meaning for a kind are 0.
struct ObjectSpec {
    Kind kind = Kind::queue;
    uint32_t capacity = 0;        // queue: messages; semaphore: permits that there can be
    uint32_t value = 0;           // semaphore: permits at first; event: 1 when set at first
    uint32_t flags = 0;           // ObjectFlag
    uint64_t max_message = 0;     // queue: bytes
    uint64_t max_bytes = 0;       // queue: of all messages together; 0: no limit but the others
    uint64_t size = 0;            // shm: bytes
    uint32_t max_deliveries = 0;  // queue: after so many a message is a dead letter; 0: never
    uint32_t full_policy = 0;     // queue: FullPolicy
    int64_t ttl_ns = 0;           // queue: of messages that name none; 0: for ever
};

enum ObjectFlag : uint32_t {
    kPriorities = 1 << 0,    // queue: 0-7 instead of FIFO
    kDeadLetters = 1 << 1,   // queue: what was delivered too often is kept for the broker to move
    kSignalTokens = 1 << 2,  // semaphore: acquired permits are tokens, unless a call says otherwise
    kFifo = 1 << 3,          // lock: in the order of asking
};

// The one process that died last while it held something here.
struct LastDeath {
    SharedWord<uint32_t> pid;
    SharedWord<int32_t> wait_status;  // as wait(2); kStatusUnknown
    SharedWord<int64_t> time_ns;      // CLOCK_BOOTTIME
};
inline constexpr int32_t kStatusUnknown = -1;

struct SegmentHeader {
    uint64_t magic;
    uint32_t layout;  // version of everything in here, and of the ABI it was compiled for
    uint32_t padding;
    uint64_t size;
    ObjectSpec spec;
    LastDeath last_death;
    SharedWord<uint32_t> closed;      // nothing new from now on: closed by a user, or removed
    alignas(64) EventCount readable;  // something to take: a message, a permit, an event that is set
    alignas(64) EventCount writable;  // room
};

inline constexpr size_t kOwnersBegin = 4096;
inline constexpr size_t kBodyBegin = kOwnersBegin + kOwnerSlots * sizeof(OwnerRecord);
static_assert(sizeof(SegmentHeader) <= kOwnersBegin);

// A mapping. Movable; unmapped with its last owner. Thread safe as far as the words in it are.
class Segment {
  public:
    // Makes the memory of a new object. The spec must be valid: see check_spec in object_spec.h. The descriptor is for
    // passing on, and may be closed.
    static Result<Segment> create(const ObjectSpec& spec, const char* name, UniqueFd* fd);
    // Maps what another made. Fails with EPROTO when it is not what it should be. `writable` false maps for reading
    // only, which serves shm and looking.
    static Result<Segment> map(const UniqueFd& fd, bool writable);

    Segment(Segment&& other) noexcept;
    Segment& operator=(Segment&& other) noexcept;
    ~Segment();

    const ObjectSpec& spec() const { return spec_; }  // as checked when mapped
    SegmentHeader& header() const { return *reinterpret_cast<SegmentHeader*>(base_); }
    OwnerRecord& owner(OwnerId id) const;  // REQUIRES: id < kOwnerSlots
    std::byte* body() const { return base_ + kBodyBegin; }
    size_t size() const { return size_; }

  private:
    Segment(std::byte* base, size_t size, const ObjectSpec& spec) : base_(base), size_(size), spec_(spec) {}

    std::byte* base_ = nullptr;
    size_t size_ = 0;
    ObjectSpec spec_;
};

// Bytes that the body of such an object takes.
size_t body_size(const ObjectSpec& spec);

}  // namespace yard::ipc
