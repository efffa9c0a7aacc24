#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "carrier.h"
#include "ipc/channel/queue.h"
#include "processes.h"
#include "ring_floor.h"

namespace yard::bench {
namespace {

constexpr uint32_t kCapacity = 1024;

class Ring : public Carrier {
  public:
    Ring() : ring_(static_cast<RingFloor*>(shared_bytes(sizeof(RingFloor)))) { ring_->initialise(); }
    ~Ring() override { munmap(ring_, sizeof *ring_); }
    void send(const void* bytes, size_t) override { ring_->put(bytes); }
    void receive(void* bytes, size_t) override { ring_->take(bytes); }

  private:
    RingFloor* const ring_;
};

// With `leases` each message is leased and acknowledged, otherwise taken for good.
template <bool leases>
class OurQueue : public Carrier {
  public:
    explicit OurQueue(size_t size) : segment_(make(size)) {}

    void send(const void* bytes, size_t size) override {
        if (queue().put({static_cast<const std::byte*>(bytes), size}, {}, ipc::kForever) != 0) abort();
    }
    void receive(void* bytes, size_t size) override {
        if constexpr (leases) {
            ipc::Message message;
            if (queue().lease(&message, size, ipc::kForever) != 0) abort();
            std::memcpy(bytes, message.data, message.size);
            if (queue().ack(message.id) != 0) abort();
        } else {
            if (queue().take(bytes, size, ipc::kForever) != static_cast<ptrdiff_t>(size)) abort();
        }
    }

  private:
    static ipc::Segment make(size_t size) {
        UniqueFd fd;
        Result<ipc::Segment> segment = ipc::Segment::create(
            {.kind = ipc::Kind::queue, .capacity = kCapacity, .max_message = size}, "bench", &fd);
        if (!segment) abort();
        return std::move(*segment);
    }
    // Each process is an owner of its own. Process numbers do for slots, as none of these dies.
    ipc::Queue& queue() {
        if (!queue_)
            queue_.emplace(segment_, static_cast<ipc::OwnerId>(getpid()) % (ipc::kOwnerSlots - 1) + 1,
                           nullptr);
        return *queue_;
    }

    const ipc::Segment segment_;
    std::optional<ipc::Queue> queue_;
};

}  // namespace

std::vector<CarrierKind> our_carriers() {
    return {
        {.name = "ring (floor)",
         .max_size = RingFloor::kBytes,
         .make = [](size_t, int) -> std::unique_ptr<Carrier> { return std::make_unique<Ring>(); }},
        {.name = "yard queue",
         .make = [](size_t size, int) -> std::unique_ptr<Carrier> {
             return std::make_unique<OurQueue<false>>(size);
         }},
        {.name = "yard, leased",
         .make = [](size_t size, int) -> std::unique_ptr<Carrier> {
             return std::make_unique<OurQueue<true>>(size);
         }},
    };
}

}  // namespace yard::bench
