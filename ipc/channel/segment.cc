#include "ipc/channel/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "ipc/channel/event.h"
#include "ipc/channel/object_spec.h"
#include "ipc/channel/semaphore.h"

namespace yard::ipc {
namespace {

constexpr uint64_t kMagic = 0x746e656d67657359;  // "Ysegment"
// Changes with whatever changes the meaning of a byte in a segment.
constexpr uint32_t kLayout = 2U << 16 | sizeof(void*) << 8 | sizeof(SegmentHeader) % 256;

Result<std::byte*> map_bytes(const UniqueFd& fd, size_t size, bool writable) {
    void* const base =
        mmap(nullptr, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | MAP_NORESERVE, fd.get(), 0);
    if (base == MAP_FAILED) return fail(system_error("map", "an object's memory"));
    return static_cast<std::byte*>(base);
}

}  // namespace

Result<Segment> Segment::create(const ObjectSpec& spec, const char* name, UniqueFd* fd) {
    const size_t size = kBodyBegin + body_size(spec);
    UniqueFd memory(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return fail(system_error("memfd_create", name));
    if (ftruncate(memory.get(), static_cast<off_t>(size)) != 0) return fail(system_error("size", name));
    if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail(system_error("seal", name));
    Result<std::byte*> base = map_bytes(memory, size, true);
    if (!base) return fail(std::move(base).error());
    Segment segment(*base, size, spec);
    SegmentHeader& header = segment.header();
    header.magic = kMagic;
    header.layout = kLayout;
    header.size = size;
    header.spec = spec;
    if (spec.kind == Kind::semaphore) fill_semaphore(segment);
    if (spec.kind == Kind::event) event_word(segment).store(spec.value);
    *fd = std::move(memory);
    return segment;
}

Result<Segment> Segment::map(const UniqueFd& fd, bool writable) {
    struct stat status;
    if (fstat(fd.get(), &status) != 0) return fail(system_error("look at", "an object's memory"));
    const auto size = static_cast<size_t>(status.st_size);
    // What can shrink can kill whoever reads it.
    const int seals = fcntl(fd.get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || size < kBodyBegin)
        return fail("this descriptor is not an object's memory", EPROTO);
    Result<std::byte*> base = map_bytes(fd, size, writable);
    if (!base) return fail(std::move(base).error());
    const SegmentHeader& header = *reinterpret_cast<const SegmentHeader*>(*base);
    const ObjectSpec spec = header.spec;
    Segment segment(*base, size, spec);
    if (header.magic != kMagic || header.layout != kLayout)
        return fail("the object's memory has another layout: was it made by another version?", EPROTO);
    if (Status valid = check_spec(spec); !valid || kBodyBegin + body_size(spec) > size)
        return fail("the object's memory says what cannot be", EPROTO);
    return segment;
}

Segment::Segment(Segment&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), size_(other.size_), spec_(other.spec_) {}

Segment& Segment::operator=(Segment&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    std::swap(spec_, other.spec_);
    return *this;
}

Segment::~Segment() {
    if (base_ != nullptr) munmap(base_, size_);
}

OwnerRecord& Segment::owner(OwnerId id) const {
    return reinterpret_cast<OwnerRecord*>(base_ + kOwnersBegin)[id];
}

}  // namespace yard::ipc
