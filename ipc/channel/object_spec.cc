#include "ipc/channel/object_spec.h"

#include <string>

#include "ipc/channel/fifo_lock.h"
#include "ipc/channel/queue_layout.h"
#include "ipc/channel/semaphore.h"

namespace yard::ipc {
namespace {

Status in_range(const char* field, uint64_t value, uint64_t least, uint64_t most) {
    if (value >= least && value <= most) return Ok();
    return fail(std::string(field) + " must be from " + std::to_string(least) + " to " + std::to_string(most),
                EINVAL);
}

Status check_queue(const ObjectSpec& spec) {
    if (Status status = in_range("capacity", spec.capacity, 1, kMaxQueueCapacity); !status) return status;
    if (Status status = in_range("max_message", spec.max_message, 0, kMaxMessage); !status) return status;
    if (spec.max_bytes != 0 && spec.max_bytes < spec.max_message)
        return fail("max_bytes must not be less than max_message", EINVAL);
    if (Status status = in_range("max_bytes", spec.max_bytes, 0, 1ULL << 40); !status) return status;
    if (spec.ttl_ns < 0) return fail("ttl must not be negative", EINVAL);
    return in_range("the policy when full", spec.full_policy, 0,
                    static_cast<uint64_t>(FullPolicy::drop_newest));
}

}  // namespace

const char* kind_name(Kind kind) {
    switch (kind) {
        case Kind::queue:
            return "queue";
        case Kind::semaphore:
            return "semaphore";
        case Kind::lock:
            return "lock";
        case Kind::event:
            return "event";
        case Kind::shm:
            return "shm";
    }
    return "unknown";
}

Status check_spec(const ObjectSpec& spec) {
    switch (spec.kind) {
        case Kind::queue:
            return check_queue(spec);
        case Kind::semaphore:
            if (Status status = in_range("capacity", spec.capacity, 1, kMaxPermits); !status) return status;
            return in_range("value", spec.value, 0, spec.capacity);
        case Kind::shm:
            return in_range("size", spec.size, 1, kMaxShm);
        case Kind::lock:
        case Kind::event:
            return Ok();
    }
    return fail("there is no such kind of object", EINVAL);
}

size_t body_size(const ObjectSpec& spec) {
    switch (spec.kind) {
        case Kind::queue:
            return QueueLayout(spec).bytes();
        case Kind::semaphore:
            return semaphore_bytes(spec);
        case Kind::shm:
            return spec.size;
        case Kind::lock:
            return (spec.flags & kFifo) != 0 ? FifoLock::bytes() : 4096;
        case Kind::event:
            return 4096;
    }
    return 0;
}

}  // namespace yard::ipc
