// What a service says about itself in one datagram of sd_notify(3).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yard::engine {

// The longest datagram that is understood, as with systemd (NOTIFY_BUFFER_MAX).
inline constexpr size_t kMaxNotifyBytes = 4096;

struct NotifyMessage {
    enum class Lifecycle : uint8_t { none, ready, reloading, stopping };
    enum class Watchdog : uint8_t { none, alive, trigger };

    Lifecycle lifecycle = Lifecycle::none;   // READY=1, RELOADING=1, STOPPING=1: the last one counts
    Watchdog watchdog = Watchdog::none;      // WATCHDOG=1, WATCHDOG=trigger
    bool barrier = false;                    // BARRIER=1: the descriptor beside it waits for all before it
    std::optional<std::string> status = {};  // STATUS=, made printable; may be empty
    std::optional<int32_t> main_pid = {};    // MAINPID=, above 0
    std::optional<int> error_number = {};    // ERRNO=, 0 to 4095
    // At most kLongestNotifyTime: a larger number, such as the "infinity" of 2^64 - 1, means that.
    std::optional<std::chrono::microseconds> reload_began = {};       // MONOTONIC_USEC=: CLOCK_MONOTONIC
    std::optional<std::chrono::microseconds> extend_timeout = {};     // EXTEND_TIMEOUT_USEC=
    std::optional<std::chrono::microseconds> watchdog_interval = {};  // WATCHDOG_USEC=; 0: off

    bool operator==(const NotifyMessage&) const = default;
};

// A century: fits into nanoseconds with room to add the time of day.
inline constexpr std::chrono::microseconds kLongestNotifyTime = std::chrono::hours(24 * 365 * 100);

// Lines of KEY=VALUE. Unknown keys and values that make no sense are skipped; of equal keys the last counts.
// Nothing for a datagram that is no such text: longer than kMaxNotifyBytes, or with a NUL byte other than one
// at its end.
std::optional<NotifyMessage> parse_notify(std::string_view datagram);

}  // namespace yard::engine
