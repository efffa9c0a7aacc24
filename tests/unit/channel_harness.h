// An object in shared memory and several users of it, in one process.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

#include "ipc/channel/object_spec.h"
#include "ipc/channel/queue.h"
#include "ipc/channel/recovery.h"

namespace yard::ipc {

inline Segment make_segment(const ObjectSpec& spec) {
    const Status valid = check_spec(spec);
    EXPECT_TRUE(valid.ok()) << valid.error().message;
    UniqueFd fd;
    Result<Segment> segment = Segment::create(spec, "test", &fd);
    EXPECT_TRUE(segment.ok()) << segment.error().message;
    return std::move(*segment);
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

// Of a queue for small tests; change what matters.
inline ObjectSpec queue_spec(uint32_t capacity) {
    return {.kind = Kind::queue, .capacity = capacity, .max_message = 64};
}

inline int put(Queue& queue, std::string_view text, const PutOptions& options = {}) {
    return queue.put(bytes_of(text), options, 0);
}

// The next message, taken for good; "-" and the errno when there is none.
inline std::string take(Queue& queue) {
    std::string text(1 << 20, '\0');
    const ptrdiff_t size = queue.take(text.data(), text.size(), 0);
    if (size < 0) return "-" + std::string(strerrorname_np(static_cast<int>(-size)));
    text.resize(static_cast<size_t>(size));
    return text;
}

inline std::string lease(Queue& queue, uint64_t* id) {
    Message message;
    const int error = queue.lease(&message, 1 << 20, 0);
    if (error != 0) return "-" + std::string(strerrorname_np(-error));
    *id = message.id;
    return {reinterpret_cast<const char*>(message.data), message.size};
}

}  // namespace yard::ipc
