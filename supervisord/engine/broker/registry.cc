#include "engine/broker/registry.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <utility>

namespace yard::engine {
namespace {

constexpr uint64_t kMagic = 0x5259524145504a44;
constexpr uint64_t kLayout = sizeof(ObjectRecord) << 32 | sizeof(AttachmentRecord);

}  // namespace

struct Registry::Layout {
    uint64_t magic;
    uint64_t layout;  // changes with the size of what is stored
    uint64_t last_id;
    uint32_t objects_end;
    uint32_t attachments_end;
    ObjectRecord objects[kMaxObjects];
    AttachmentRecord attachments[kMaxAttachments];
};

void ObjectName::assign(std::string_view name) {
    std::memset(text, 0, sizeof text);
    name.copy(text, kMax);
}

Result<Registry::Layout*> Registry::map(const UniqueFd& fd) {
    void* memory =
        mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd.get(), 0);
    if (memory == MAP_FAILED) return fail(system_error("map", "the broker's registry"));
    return static_cast<Layout*>(memory);
}

Result<Registry> Registry::create(UniqueFd* fd) {
    UniqueFd memory(memfd_create("yard registry", MFD_CLOEXEC));
    if (!memory || ftruncate(memory.get(), sizeof(Layout)) != 0)
        return fail(system_error("make", "the broker's registry"));
    Result<Layout*> layout = map(memory);
    if (!layout) return fail(std::move(layout).error());
    (*layout)->layout = kLayout;
    (*layout)->magic = kMagic;
    *fd = std::move(memory);
    return Registry(*layout);
}

Result<Registry> Registry::open(const UniqueFd& fd) {
    if (lseek(fd.get(), 0, SEEK_END) != static_cast<off_t>(sizeof(Layout)))
        return fail("the broker's registry is of another version");
    Result<Layout*> layout = map(fd);
    if (!layout) return fail(std::move(layout).error());
    Registry registry(*layout);
    if ((*layout)->magic != kMagic || (*layout)->layout != kLayout)
        return fail("the broker's registry is of another version");
    return registry;
}

Registry::Registry(Registry&& other) noexcept
    : after_store(std::move(other.after_store)),
      layout_(std::exchange(other.layout_, nullptr)),
      attach_hint_(other.attach_hint_) {}

Registry::~Registry() {
    if (layout_ != nullptr) munmap(layout_, sizeof(Layout));
}

template <typename Word, typename Value>
void Registry::store(Word& word, Value value) {
    word = value;
    std::atomic_signal_fence(
        std::memory_order_seq_cst);  // a killed process has made its stores in their order
    after_store();
}

uint32_t Registry::objects_end() const {
    return layout_->objects_end;
}
uint32_t Registry::attachments_end() const {
    return layout_->attachments_end;
}
const ObjectRecord& Registry::object(uint32_t number) const {
    return layout_->objects[number];
}
ObjectRecord& Registry::own_object(uint32_t number) {
    return layout_->objects[number];
}
const AttachmentRecord& Registry::attachment(uint32_t number) const {
    return layout_->attachments[number];
}
AttachmentRecord& Registry::own_attachment(uint32_t number) {
    return layout_->attachments[number];
}

std::optional<uint32_t> Registry::add(const ObjectRecord& facts) {
    uint32_t number = 0;
    while (number < kMaxObjects && object(number).state != ObjectState::free) ++number;
    if (number == kMaxObjects) return std::nullopt;
    if (number >= objects_end()) store(layout_->objects_end, number + 1);
    ObjectRecord& record = own_object(number);
    store(layout_->last_id, layout_->last_id + 1);
    record.id = layout_->last_id;
    record.kind = facts.kind;
    record.name = facts.name;
    record.dead_letter = facts.dead_letter;
    record.uid = facts.uid;
    record.gid = facts.gid;
    record.mode = facts.mode;
    record.lifetime = facts.lifetime;
    record.creator = facts.creator;
    record.spec = facts.spec;
    set_state(number, ObjectState::creating);
    return number;
}

void Registry::set_state(uint32_t number, ObjectState state) {
    store(own_object(number).state, state);
}

void Registry::set_owner(uint32_t number, uid_t uid, gid_t gid, uint32_t mode) {
    ObjectRecord& record = own_object(number);
    store(record.uid, uid);
    store(record.gid, gid);
    store(record.mode, mode);
}

void Registry::set_lifetime(uint32_t number, Lifetime lifetime) {
    store(own_object(number).lifetime, lifetime);
}

std::optional<uint32_t> Registry::attach(const AttachmentRecord& facts) {
    uint32_t number = attach_hint_;
    while (number < kMaxAttachments && attachment(number).used != 0) ++number;
    attach_hint_ = number;
    if (number == kMaxAttachments) return std::nullopt;
    if (number >= attachments_end()) store(layout_->attachments_end, number + 1);
    AttachmentRecord& record = own_attachment(number);
    record.object = facts.object;
    record.owner = facts.owner;
    record.opens = facts.opens;
    record.uid = facts.uid;
    record.start = facts.start;
    record.since_wall_ns = facts.since_wall_ns;
    record.start_ticks = facts.start_ticks;
    record.pid = facts.pid;
    store(record.used, 1u);
    return number;
}

void Registry::set_opens(uint32_t number, uint32_t opens) {
    store(own_attachment(number).opens, opens);
}

void Registry::set_process(uint32_t number, ProcessId process) {
    store(own_attachment(number).start_ticks, process.start_ticks);
    store(own_attachment(number).pid, process.pid);
}

void Registry::detach(uint32_t number) {
    store(own_attachment(number).used, 0u);
    if (number < attach_hint_) attach_hint_ = number;
}

}  // namespace yard::engine
