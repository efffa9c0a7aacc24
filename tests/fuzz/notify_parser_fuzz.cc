// Any datagram gives a message that keeps its promises, or none.
#include <cstdint>
#include <cstdlib>

#include "engine/notify/notify_message.h"
#include "engine/notify/printable_text.h"

namespace {

void require(bool held) {
    if (!held) std::abort();
}

bool in_range(const std::optional<std::chrono::microseconds>& time) {
    return !time || (time->count() >= 0 && *time <= yard::engine::kLongestNotifyTime);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace yard::engine;
    const auto message = parse_notify({reinterpret_cast<const char*>(data), size});
    if (!message) return 0;
    require(size <= kMaxNotifyBytes);
    require(!message->main_pid || *message->main_pid > 0);
    require(!message->error_number || (*message->error_number >= 0 && *message->error_number <= 4095));
    require(in_range(message->reload_began) && in_range(message->extend_timeout));
    require(in_range(message->watchdog_interval));
    // Printable text has nothing left to replace.
    require(!message->status || printable_text(*message->status) == *message->status);
    return 0;
}
