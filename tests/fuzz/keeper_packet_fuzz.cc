// Any packets, in any order, between any events of the keeper's life: the world around it checks its rules
// after each.
#include <fcntl.h>

#include <cstring>

#include "helpers/keeper_world.h"
#include "protocol/spawn_image.h"

namespace {

using namespace yard::keeper;

class Input {
  public:
    Input(const uint8_t* data, size_t size) : data_(data), left_(size) {}
    bool any() const { return left_ > 0; }
    uint8_t byte() {
        if (left_ == 0) return 0;
        --left_;
        return *data_++;
    }
    void fill(void* to, size_t size) {
        for (size_t i = 0; i < size; ++i) static_cast<uint8_t*>(to)[i] = byte();
    }

  private:
    const uint8_t* data_;
    size_t left_;
};

uint32_t slot_of(uint8_t byte) {
    return byte % 6 == 5 ? 60 + byte % 8 : byte % 6;
}  // some out of range

// Mostly requests that mean something, so that random bytes get far.
Request request_of(Input& input, const KeeperWorld& world) {
    Request request{};
    request.type = static_cast<RequestType>(input.byte() % 14);
    request.key.slot = slot_of(input.byte());
    const uint8_t age = input.byte();
    const uint32_t present =
        request.key.slot < KeeperWorld::kSlots ? world.record(request.key.slot).generation : 0;
    request.key.generation = age == 255 ? ~0u : present + age % 4 - 1;
    if (request.type == RequestType::set_main) {
        request.pid = 995 + input.byte() % 48;
    } else if (request.type == RequestType::arm) {
        std::memset(&request.arm.codes, input.byte(), sizeof request.arm.codes);
        request.arm.signals = input.byte() % 2 ? ~0ull : 0;
    } else {
        request.signal.number = static_cast<int8_t>(input.byte());
        request.signal.tree = input.byte() % 2;
    }
    return request;
}

void one_packet(Input& input, KeeperWorld& world) {
    char bytes[kMaxBatch * sizeof(Request) + 64];
    const uint8_t kind = input.byte();
    const int fd = kind & 1 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (kind & 2) {
        const uint32_t size = input.byte() * 20u;
        input.fill(bytes, size < sizeof bytes ? size : sizeof bytes);
        return world.handle(bytes, size < sizeof bytes ? size : sizeof bytes, fd);
    }
    const uint32_t count = 1 + (kind >> 2) % 3;
    for (uint32_t i = 0; i < count; ++i) {
        Request request = request_of(input, world);
        if (request.type == RequestType::quit) request.type = RequestType::spawn;
        if (request.key.slot < KeeperWorld::kSlots && kind < 200)
            world.lay(request.key.slot, kind & 64 ? 3u : 0u);
        std::memcpy(bytes + i * sizeof request, &request, sizeof request);
    }
    world.handle(bytes, count * static_cast<uint32_t>(sizeof(Request)), fd);
}

void one_step(Input& input, KeeperWorld& world) {
    const uint8_t step = input.byte();
    const uint32_t slot = step / 16 % 6;
    const Record& record = world.record(slot);
    switch (step % 16) {
        default:
            one_packet(input, world);
            break;
        case 8:
            world.turn();
            break;
        case 9:
            world.end(record.pid, input.byte() << 8);
            break;
        case 10:
            world.end(995 + input.byte() % 48, SIGTERM);
            break;
        case 11:
            world.main_ends_in_shim(slot, input.byte());
            break;
        case 12:
            world.end_shim(slot, input.byte() << 8);
            break;
        case 13:
            world.kill_shim(slot);
            break;
        case 14:
            slot < 3 ? world.replace_engine() : world.reap();
            break;
        case 15:
            slot < 3 ? world.starts_fail(slot == 0) : void(world.reports());
            break;
    }
    world.check();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 4096) return 0;
    KeeperWorld world;
    Input input(data, size);
    while (input.any()) one_step(input, world);
    world.turn();
    return 0;
}
