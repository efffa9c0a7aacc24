// The spawn image: everything a child does between clone and exec, written by the engine, carried out by the child.
//
// All images lie in one sparse memfd, the arena, that the keeper creates and both hold. Each slot has its place, so
// nothing needs to be allocated or freed. The engine lays an image before it asks for a start; what the keeper starts
// again by itself (armed) is the same once more. So an image is written only while nobody starts from it.
//
// The image is untrusted: the keeper reads only the header, checks it, and lets the child walk the rest with
// bounds checks. A bad image harms the child alone.
#pragma once

#include <stdint.h>

#include "protocol/spawn_stage.h"

namespace yard {

inline constexpr uint32_t kImageMagic = 0x79494D47;
inline constexpr uint64_t kImageStride = 4u << 20;  // more than ARG_MAX's 2 MiB of arguments and environment

inline constexpr uint64_t image_offset(uint32_t slot) {
    return static_cast<uint64_t>(slot) * kImageStride;
}

// Offsets count from the start of the image; 0 means "none".
struct ImageHeader {
    uint32_t magic;
    uint32_t size;   // of the whole image in bytes
    uint32_t flags;  // kImage*
    uint32_t steps;  // offset of ImageStep[step_count]
    uint32_t step_count;
    uint32_t
        argv;  // offset of uint64_t[argc + 1]: offsets of strings, ended by 0; the child turns them to pointers
    uint32_t env;       // likewise
    uint32_t programs;  // likewise: paths to try in order, as execvp(3) does along PATH
    uint32_t
        pid_places[3];  // offsets of text "0000000000" that the child overwrites with its pid, NUL-padded
    uint32_t title;     // offset of what ps(1) shows of the shim; 0: as the keeper
    uint32_t
        passed;  // offset of uint64_t[passed_count]: names of descriptors that the keeper holds (`hold`). The
    uint32_t passed_count;  // child has them as kFirstPassedFd and on, close-on-exec, when its steps begin
    char cgroup[200];       // absolute path of the cgroup directory to be born in; empty: none
};
static_assert(sizeof(ImageHeader) == 256);

inline constexpr uint32_t kImageShim = 1;  // run under a shim: no cgroup to hold the tree
inline constexpr uint32_t kImageLinger =
    2;  // shim only: when the main process ends, leave its tree until told
inline constexpr uint32_t kPidPlaceSize = 10;
inline constexpr uint32_t kMaxPassed = 128;
inline constexpr int kFirstPassedFd = 257;

// How ImageStep::args[i] is to be understood.
enum class StepArg : uint8_t {
    number,  // as it is
    offset,  // address of that byte of the image
    result,  // what the step before returned
};

// One raw system call. A negative result ends the start with (stage, errno) unless kStepMayFail.
struct ImageStep {
    SpawnStage stage;
    uint16_t flags;
    int32_t call;  // system call number of this architecture
    uint64_t args[6];
    StepArg kinds[6];
    uint8_t reserved[2];
};
static_assert(sizeof(ImageStep) == 64);

inline constexpr uint16_t kStepMayFail = 1;
inline constexpr uint16_t kStepKeepResult = 2;  // `result` of later steps still means that of an earlier one

}  // namespace yard
