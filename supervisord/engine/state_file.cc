#include "engine/state_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>
#include <utility>

#include "base/unique_fd.h"

namespace yard::engine {
namespace {

constexpr uint64_t kMagic = 0x3144524159ULL;  // "YARD1"

struct FactsCell {
    ServiceFacts copies[2];
    uint64_t sequence;  // copies[sequence & 1] counts; 0: nothing stored yet
};

struct Header {
    uint64_t magic;
    uint64_t layout;  // changes with the size of what is stored
    uint64_t keeper_instance;
    uint64_t slots;
    uint64_t begun;
    uint64_t event_number;
    control::RequestRing requests;
};

constexpr uint64_t kLayout = sizeof(FactsCell) << 32 | sizeof(LogPositionCell) << 16 | sizeof(Header);

struct Slot {
    FactsCell facts;
    LogPositionCell log;
};

// Stores that a later one must not overtake, for a reader who comes after this process's death.
void publish(uint64_t* word, uint64_t value) {
    std::atomic_ref<uint64_t>(*word).store(value, std::memory_order_release);
}

}  // namespace

struct StateFile::Layout {
    Header header;
    Slot slots[];
};

Result<StateFile> StateFile::open(const std::string& path, uint64_t keeper_instance, uint32_t slots) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(system_error("open", path));
    const size_t bytes = sizeof(Layout) + slots * sizeof(Slot);
    const auto map = [&]() -> Layout* {
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        return memory == MAP_FAILED ? nullptr : static_cast<Layout*>(memory);
    };
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return fail(system_error("stat", path));
    const bool right_size = static_cast<size_t>(info.st_size) == bytes;
    Layout* layout = right_size ? map() : nullptr;
    if (layout != nullptr && layout->header.magic == kMagic && layout->header.layout == kLayout &&
        layout->header.keeper_instance == keeper_instance && layout->header.slots == slots) {
        return StateFile(layout, bytes);
    }
    if (layout != nullptr) munmap(layout, bytes);
    // Begin with holes: a page is there once a service uses it.
    if (ftruncate(fd.get(), 0) != 0 || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        return fail(system_error("resize", path));
    }
    layout = map();
    if (layout == nullptr) return fail(system_error("map", path));
    layout->header.layout = kLayout;
    layout->header.keeper_instance = keeper_instance;
    layout->header.slots = slots;
    publish(&layout->header.magic, kMagic);
    return StateFile(layout, bytes);
}

StateFile::StateFile(StateFile&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)), bytes_(other.bytes_) {}

StateFile::~StateFile() {
    if (layout_ != nullptr) munmap(layout_, bytes_);
}

ServiceFacts StateFile::load(uint32_t slot) const {
    const FactsCell& cell = layout_->slots[slot].facts;
    return cell.sequence == 0 ? ServiceFacts{} : cell.copies[cell.sequence & 1];
}

void StateFile::store(uint32_t slot, const ServiceFacts& facts) {
    FactsCell& cell = layout_->slots[slot].facts;
    const uint64_t next = cell.sequence + 1;
    cell.copies[next & 1] = facts;
    publish(&cell.sequence, next);
}

LogPositionCell* StateFile::log_position(uint32_t slot) {
    return &layout_->slots[slot].log;
}

control::RequestRing& StateFile::requests() {
    return layout_->header.requests;
}

bool StateFile::begun() const {
    return layout_->header.begun != 0;
}
void StateFile::mark_begun() {
    publish(&layout_->header.begun, 1);
}

uint64_t StateFile::event_number() const {
    return layout_->header.event_number;
}
void StateFile::store_event_number(uint64_t number) {
    publish(&layout_->header.event_number, number);
}

}  // namespace yard::engine
