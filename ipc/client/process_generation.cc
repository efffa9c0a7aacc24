#include "ipc/client/process_generation.h"

#include <pthread.h>

#include <atomic>

namespace yard::ipc {
namespace {

std::atomic<uint32_t> generation{1};

// Runs in the child, before fork(2) returns there.
void in_child() {
    generation.fetch_add(1, std::memory_order_relaxed);
}

const int registered = pthread_atfork(nullptr, nullptr, in_child);

}  // namespace

uint32_t process_generation() {
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

}  // namespace yard::ipc
