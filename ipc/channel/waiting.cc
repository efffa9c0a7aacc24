#include "ipc/channel/waiting.h"

#include <time.h>

#include "ipc/channel/claim_word.h"

namespace yard::ipc {

int64_t boot_now() {
    timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

uint64_t coarse_now_ms() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace yard::ipc
