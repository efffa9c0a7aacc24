#include "engine/state_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace yard::engine {
namespace {

constexpr uint64_t kMagic = 0x3244524159ULL;  // "YARD2"

// Facts are stored in lanes. The first lanes of all services lie together, then the second ones, and so on; a lane of
// zeros is not written. So most of what short texts leave free, and texts that nobody sends, stays a hole.
struct Lane {
    char bytes[32];
};
constexpr size_t kLanes = (sizeof(ServiceFacts) + sizeof(Lane) - 1) / sizeof(Lane);
static_assert(kLanes <= 32);
using Lanes = std::array<Lane, kLanes>;

struct FactsCell {
    uint64_t sequence;   // copy sequence & 1 counts; 0: nothing stored yet
    uint32_t filled[2];  // of each copy: the lanes that are not zeros
};

bool is_zeros(const Lane& lane) {
    static constexpr Lane kZeros{};
    return std::memcmp(&lane, &kZeros, sizeof lane) == 0;
}

struct Header {
    uint64_t magic;
    uint64_t layout;  // changes with the size of what is stored
    uint64_t keeper_instance;
    uint64_t slots;
    uint64_t slots_end;  // nothing was ever stored from here on
    uint64_t begun;
    control::RequestRing requests;
};

constexpr uint64_t kLayout =
    sizeof(EventRing) << 44 | sizeof(ServiceFacts) << 28 | sizeof(LogPositionCell) << 16 | sizeof(Header);

// Stores that a later one must not overtake, for a reader who comes after this process's death.
void publish(uint64_t* word, uint64_t value) {
    std::atomic_ref<uint64_t>(*word).store(value, std::memory_order_release);
}

// It was made after the boot, or written to since.
bool is_of_this_boot(const struct stat& info) {
    const SystemClock clock;
    const WallTime boot = clock.wall_now() - clock.now().time_since_epoch();
    return WallTime(std::chrono::seconds(info.st_mtim.tv_sec) + Duration(info.st_mtim.tv_nsec)) >= boot;
}

std::vector<ServiceFacts> with_process(const StateFile& file) {
    std::vector<ServiceFacts> found;
    for (uint32_t slot = 0; slot < file.slots_end(); ++slot) {
        const ServiceFacts facts = file.load(slot);
        if (facts.pid != 0) found.push_back(facts);
    }
    return found;
}

}  // namespace

// Then, for each slot: its FactsCell; its LogPositionCell; its first lane in two copies; its second lane; ...
struct StateFile::Layout {
    Header header;
    EventRing events;

    static size_t size(uint64_t slots) {
        return sizeof(Layout) +
               slots * (sizeof(FactsCell) + sizeof(LogPositionCell) + 2 * kLanes * sizeof(Lane));
    }
    FactsCell* cells() { return reinterpret_cast<FactsCell*>(this + 1); }
    LogPositionCell* log_positions() { return reinterpret_cast<LogPositionCell*>(cells() + header.slots); }
    Lane& lane(uint32_t slot, size_t number, uint64_t copy) {
        return reinterpret_cast<Lane*>(log_positions() +
                                       header.slots)[(number * header.slots + slot) * 2 + copy];
    }
};

Result<StateFile> StateFile::open(const std::string& path, uint64_t keeper_instance, uint32_t slots) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(system_error("open", path));
    const size_t bytes = Layout::size(slots);
    const auto map = [&]() -> Layout* {
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        return memory == MAP_FAILED ? nullptr : static_cast<Layout*>(memory);
    };
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return fail(system_error("stat", path));
    const bool right_size = static_cast<size_t>(info.st_size) == bytes;
    Layout* layout = right_size ? map() : nullptr;
    const bool readable = layout != nullptr && layout->header.magic == kMagic &&
                          layout->header.layout == kLayout && layout->header.slots == slots;
    if (readable && layout->header.keeper_instance == keeper_instance) {
        StateFile file(layout, bytes);
        file.enter_missing_events();
        return file;
    }
    std::vector<ServiceFacts> earlier;
    if (readable && is_of_this_boot(info)) {
        earlier = with_process(StateFile(layout, bytes));  // which unmaps it
    } else if (layout != nullptr) {
        munmap(layout, bytes);
    }
    // Begin with holes: a page is there once a service uses it. Events come at any time, and a page that a full
    // file system cannot give then would be the engine's death: theirs are there from the start.
    if (ftruncate(fd.get(), 0) != 0 || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        return fail(system_error("resize", path));
    }
    if (const int error = posix_fallocate(fd.get(), 0, sizeof(Layout)); error != 0) {
        return fail(Error{"reserve room in " + path + ": " + std::strerror(error), error});
    }
    layout = map();
    if (layout == nullptr) return fail(system_error("map", path));
    layout->header.layout = kLayout;
    layout->header.keeper_instance = keeper_instance;
    layout->header.slots = slots;
    publish(&layout->header.magic, kMagic);
    StateFile made(layout, bytes);
    made.earlier_ = std::move(earlier);
    return made;
}

StateFile::StateFile(StateFile&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)),
      bytes_(other.bytes_),
      earlier_(std::move(other.earlier_)) {}

StateFile::~StateFile() {
    if (layout_ != nullptr) munmap(layout_, bytes_);
}

ServiceFacts StateFile::load(uint32_t slot) const {
    const FactsCell& cell = layout_->cells()[slot];
    ServiceFacts facts;
    if (cell.sequence == 0) return facts;
    const uint64_t copy = cell.sequence & 1;
    Lanes lanes{};
    for (size_t i = 0; i < kLanes; ++i) {
        if ((cell.filled[copy] >> i & 1) != 0) lanes[i] = layout_->lane(slot, i, copy);
    }
    std::memcpy(static_cast<void*>(&facts), &lanes, sizeof facts);
    return facts;
}

void StateFile::store(uint32_t slot, const ServiceFacts& facts) {
    FactsCell& cell = layout_->cells()[slot];
    const uint64_t next = cell.sequence + 1;
    Lanes lanes{};
    std::memcpy(&lanes, &facts, sizeof facts);
    cell.filled[next & 1] = 0;
    for (size_t i = 0; i < kLanes; ++i) {
        if (is_zeros(lanes[i])) continue;
        layout_->lane(slot, i, next & 1) = lanes[i];
        cell.filled[next & 1] |= 1u << i;
    }
    // First, so that whoever looks below the end misses nothing.
    if (slot >= layout_->header.slots_end) publish(&layout_->header.slots_end, slot + 1);
    publish(&cell.sequence, next);
}

uint32_t StateFile::slots_end() const {
    return static_cast<uint32_t>(layout_->header.slots_end);
}

LogPositionCell* StateFile::log_position(uint32_t slot) {
    return &layout_->log_positions()[slot];
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

EventRing& StateFile::events() {
    return layout_->events;
}

// The facts are stored in the order of their events, so that nothing is missing in between.
void StateFile::enter_missing_events() {
    std::vector<std::pair<uint64_t, uint32_t>> missing;  // number, slot
    for (uint32_t slot = 0; slot < slots_end(); ++slot) {
        const uint64_t number = load(slot).event;
        if (number > layout_->events.last()) missing.emplace_back(number, slot);
    }
    std::ranges::sort(missing);
    for (const auto& [number, slot] : missing) layout_->events.enter(load(slot));
}

}  // namespace yard::engine
