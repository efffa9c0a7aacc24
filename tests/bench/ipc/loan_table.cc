#include "loan_table.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ipc/channel/queue.h"
#include "processes.h"
#include "ring_floor.h"

namespace yard::bench {
namespace {

constexpr size_t kBlock = 1 << 20;
constexpr uint32_t kCapacity = 1024;
constexpr uint64_t kMessages = 100'000;
constexpr int kRounds = 5;

void touch(std::byte* block, uint64_t number) {
    std::memcpy(block, &number, sizeof number);
    std::memcpy(block + kBlock - sizeof number, &number, sizeof number);
}

void check(const std::byte* block, uint64_t number) {
    if (std::memcmp(block, &number, sizeof number) != 0) abort();
    if (std::memcmp(block + kBlock - sizeof number, &number, sizeof number) != 0) abort();
}

// Blocks are used in turn; twice as many as the ring has cells, so that none is written again while it is read.
double ring_rate() {
    constexpr uint64_t kBlocks = 2UL * RingFloor::kCells;
    auto* const ring = static_cast<RingFloor*>(shared_bytes(sizeof(RingFloor)));
    auto* const blocks = static_cast<std::byte*>(shared_bytes(kBlocks * kBlock));
    ring->initialise();
    const double seconds = run_processes(2, [&](int i) {
        uint64_t number[RingFloor::kBytes / sizeof(uint64_t)] = {};
        for (uint64_t n = 0; n < kMessages; ++n) {
            std::byte* const block = blocks + n % kBlocks * kBlock;
            if (i == 0) {
                touch(block, n);
                number[0] = n;
                ring->put(number);
            } else {
                ring->take(number);
                check(block, number[0]);
            }
        }
    });
    munmap(blocks, kBlocks * kBlock);
    munmap(ring, sizeof *ring);
    return static_cast<double>(kMessages) / seconds;
}

void produce(ipc::Queue& queue) {
    for (uint64_t n = 0; n < kMessages; ++n) {
        ipc::Message message;
        if (queue.loan(kBlock, {}, ipc::kForever, &message) != 0) abort();
        touch(message.data, n);
        if (queue.commit(message, kBlock, {}) != 0) abort();
    }
}

void consume(ipc::Queue& queue) {
    for (uint64_t n = 0; n < kMessages; ++n) {
        ipc::Message message;
        if (queue.lease(&message, kBlock, ipc::kForever) != 0) abort();
        check(message.data, n);
        if (queue.ack(message.id) != 0) abort();
    }
}

double our_rate() {
    UniqueFd fd;
    const Result<ipc::Segment> segment = ipc::Segment::create(
        {.kind = ipc::Kind::queue, .capacity = kCapacity, .max_message = kBlock}, "bench", &fd);
    if (!segment) abort();
    const double seconds = run_processes(2, [&](int i) {
        ipc::Queue queue(*segment, static_cast<ipc::OwnerId>(i + 1), nullptr);
        i == 0 ? produce(queue) : consume(queue);
    });
    return static_cast<double>(kMessages) / seconds;
}

}  // namespace

void print_loans() {
    std::printf("\n1:1, 1 MiB in place, touched at both ends, k messages/s\n");
    std::vector<double> floor, ours;
    for (int round = 0; round < kRounds; ++round) {
        floor.push_back(ring_rate());
        ours.push_back(our_rate());
    }
    std::printf("  %-24s %10.0f\n  %-24s %10.0f  (%.2f x the first)\n", "ring of blocks (floor)",
                median(floor) / 1e3, "yard, loan and lease", median(ours) / 1e3,
                median(ours) / median(floor));
    std::fflush(stdout);
}

}  // namespace yard::bench
