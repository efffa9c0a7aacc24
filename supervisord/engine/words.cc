#include "engine/words.h"

#include <algorithm>
#include <charconv>

#include "base/signal_number.h"
#include "base/text.h"

namespace yard::engine {

Words& Words::operator<<(std::string_view text) {
    const size_t size = std::min(text.size(), sizeof text_ - size_);
    std::memcpy(text_ + size_, text.data(), size);
    size_ += size;
    return *this;
}

Words& Words::operator<<(uint64_t number) {
    char digits[24];
    return *this << std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// format_duration and signal_name give strings short enough to live without the heap.
Words& Words::operator<<(Duration duration) {
    return *this << std::string_view(format_duration(duration));
}

Words& Words::operator<<(ExitStatus status) {
    if (status.is_exit()) return *this << "exit " << static_cast<uint64_t>(status.code());
    if (!status.is_signal()) return *this << "ended, nobody saw how";
    *this << "killed by " << std::string_view(signal_name(status.signal()));
    return status.dumped_core() ? *this << " (core dumped)" : *this;
}

Words& Words::operator<<(const SpawnFailure& failure) {
    *this << failure.stage;
    if (!failure.detail.empty()) *this << " " << std::string_view(failure.detail);
    return failure.error == 0 ? *this : *this << ": " << std::strerror(failure.error);
}

}  // namespace yard::engine
