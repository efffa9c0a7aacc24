#include "world.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ipc/channel/queue_layout.h"

namespace steps {
namespace {

using namespace yard::ipc;

Segment make(const ObjectSpec& spec) {
    yard::UniqueFd fd;
    yard::Result<Segment> made = Segment::create(spec, "steps", &fd);
    if (made.ok()) return std::move(*made);
    fprintf(stderr, "%s\n", made.error().message.c_str());
    exit(2);
}

Report& make_report() {
    void* const page =
        mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) exit(2);
    return *static_cast<Report*>(page);
}

}  // namespace

World::World(const ObjectSpec& spec)
    : segment(make(spec)),
      letters(make({.kind = Kind::queue, .capacity = 4, .max_message = 64})),
      report(make_report()) {}

World::~World() {
    munmap(&report, sizeof(Report));
}

void Moment::keep(void* begin, size_t size) {
    auto* const bytes = static_cast<std::byte*>(begin);
    parts_.push_back({bytes, {bytes, bytes + size}});
}

void Moment::keep(const Segment& segment) {
    auto* const base = reinterpret_cast<std::byte*>(&segment.header());
    constexpr size_t kOwnersUsed = 4096;
    keep(base, kOwnersBegin + kOwnersUsed);
    if (segment.spec().kind != Kind::queue) return keep(segment.body(), body_size(segment.spec()));
    const QueueLayout layout(segment.spec());
    keep(segment.body(), layout.ranges_begin());
    constexpr size_t kLargestUsed = 512;
    for (uint32_t i = 0; layout.range != 0 && i < layout.capacity; ++i)
        keep(segment.body() + layout.ranges_begin() + i * layout.range, kLargestUsed);
}

Moment::Moment(const World& world) {
    keep(world.segment);
    keep(world.letters);
    keep(&world.report, sizeof(Report));
}

void Moment::bring_back() const {
    for (const Part& part : parts_) std::memcpy(part.begin, part.bytes.data(), part.bytes.size());
}

}  // namespace steps
