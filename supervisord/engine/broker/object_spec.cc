#include "engine/broker/object_spec.h"

#include <algorithm>
#include <cstring>

#include "ipc/channel/object_spec.h"

namespace yard::engine {
namespace {

using Kind = conf::ObjectConfig::Kind;

ipc::ObjectSpec queue_spec(const conf::ObjectConfig::Queue& queue) {
    ipc::ObjectSpec spec;
    spec.kind = ipc::Kind::queue;
    spec.capacity = queue.capacity;
    spec.max_message = queue.max_message;
    spec.max_bytes = queue.max_bytes;
    spec.max_deliveries = queue.max_deliveries;
    spec.full_policy = static_cast<uint32_t>(queue.full);
    spec.ttl_ns = std::chrono::nanoseconds(queue.ttl).count();
    if (queue.priorities) spec.flags |= ipc::kPriorities;
    if (!queue.dead_letter.empty()) spec.flags |= ipc::kDeadLetters;
    return spec;
}

ipc::ObjectSpec semaphore_spec(const conf::ObjectConfig::Semaphore& semaphore) {
    ipc::ObjectSpec spec;
    spec.kind = ipc::Kind::semaphore;
    spec.value = semaphore.value;
    spec.capacity = semaphore.max != 0 ? semaphore.max : ipc::kMaxPermits;
    if (semaphore.signal) spec.flags |= ipc::kSignalTokens;
    return spec;
}

}  // namespace

static_assert(static_cast<uint32_t>(conf::ObjectConfig::Full::drop_newest) ==
              static_cast<uint32_t>(ipc::FullPolicy::drop_newest));

ipc::ObjectSpec spec_of(const conf::ObjectConfig& config) {
    ipc::ObjectSpec spec;
    switch (config.kind) {
        case Kind::queue:
            return queue_spec(config.queue);
        case Kind::semaphore:
            return semaphore_spec(config.semaphore);
        case Kind::lock:
            spec.kind = ipc::Kind::lock;
            if (config.lock_fifo) spec.flags |= ipc::kFifo;
            break;
        case Kind::event:
            spec.kind = ipc::Kind::event;
            spec.value = config.event_set ? 1 : 0;
            break;
        case Kind::shm:
            spec.kind = ipc::Kind::shm;
            spec.size = config.shm_size;
            break;
        case Kind::pipe:
            break;
    }
    return spec;
}

bool is_same(const ipc::ObjectSpec& a, const ipc::ObjectSpec& b) {
    const auto fields = [](const ipc::ObjectSpec& s) {
        return std::tie(s.kind, s.capacity, s.value, s.flags, s.max_message, s.max_bytes, s.size,
                        s.max_deliveries, s.full_policy, s.ttl_ns);
    };
    return fields(a) == fields(b);
}

uint64_t most_bytes(Kind kind, const ipc::ObjectSpec& spec) {
    constexpr uint64_t kPipe = 64 << 10;
    if (kind == Kind::pipe) return kPipe;
    const uint64_t all = ipc::kBodyBegin + ipc::body_size(spec);
    if (spec.kind != ipc::Kind::queue || spec.max_bytes == 0) return all;
    const uint64_t messages = uint64_t{spec.capacity} * spec.max_message;
    return all - std::min(messages, all) + std::min(messages, spec.max_bytes);
}

}  // namespace yard::engine
