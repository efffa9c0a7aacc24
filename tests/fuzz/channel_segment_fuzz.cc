// An object whose memory holds what the input says: the first byte chooses the object, the rest lies in its body. Its users and
// its broker must get through.
#include <algorithm>
#include <cstring>

#include "channel_segment.h"
#include "ipc/channel/object_spec.h"

namespace {

using namespace yard::ipc;

const ObjectSpec kSpecs[] = {
    {.kind = Kind::queue,
     .capacity = 5,
     .flags = kPriorities | kDeadLetters,
     .max_message = 300,
     .max_bytes = 1000,
     .max_deliveries = 2},
    {.kind = Kind::queue, .capacity = 3, .max_message = 64},
    {.kind = Kind::semaphore, .capacity = 5, .value = 2},
    {.kind = Kind::lock},
    {.kind = Kind::lock, .flags = kFifo},
    {.kind = Kind::event},
};

Segment make(const ObjectSpec& spec) {
    yard::UniqueFd fd;
    yard::Result<Segment> made = Segment::create(spec, "fuzz", &fd);
    if (!made.ok()) __builtin_trap();
    return std::move(*made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const ObjectSpec& spec = kSpecs[data[0] % std::size(kSpecs)];
    const Segment segment = make(spec);
    std::memcpy(segment.body(), data + 1, std::min(size - 1, body_size(spec)));
    use(segment, 1);
    recover(segment, 1, {4711, 9}, nullptr);
    recover(segment, kBroker, {}, nullptr);
    if (spec.kind == Kind::queue) {
        const Segment letters = make(kSpecs[1]);
        move_dead_letters(segment, letters, nullptr);
    }
    use(segment, 2);
    return 0;
}
