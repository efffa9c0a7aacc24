// What objects there can be.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ipc/channel/segment.h"

namespace yard::ipc {

inline constexpr uint32_t kMaxQueueCapacity = 1 << 18;
inline constexpr uint64_t kMaxMessage = 64ULL << 20;
inline constexpr uint32_t kMaxPermits = 1 << 16;
inline constexpr uint64_t kMaxShm = 1ULL << 40;

// What a put does that finds no room.
enum class FullPolicy : uint32_t { block, fail, drop_oldest, drop_newest };

// "queue" ...
const char* kind_name(Kind kind);

// Fails in a sentence that names the field and its range.
Status check_spec(const ObjectSpec& spec);

}  // namespace yard::ipc
