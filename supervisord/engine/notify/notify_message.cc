#include "engine/notify/notify_message.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/notify/printable_text.h"

namespace yard::engine {
namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text, Number least, Number most) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (number < least || number > most) return std::nullopt;
    return number;
}

std::optional<std::chrono::microseconds> parse_time(std::string_view text) {
    const auto number = parse_number<uint64_t>(text, 0, std::numeric_limits<uint64_t>::max());
    if (!number) return std::nullopt;
    const auto longest = static_cast<uint64_t>(kLongestNotifyTime.count());
    return std::chrono::microseconds(static_cast<int64_t>(std::min(*number, longest)));
}

// Leaves `field` alone when there is no value.
template <typename Value>
void assign(std::optional<Value>& field, std::optional<Value> value) {
    if (value) field = std::move(value);
}

using Message = NotifyMessage;

// How each key of sd_notify(3) fills a message.
struct Key {
    std::string_view name;
    void (*apply)(Message& message, std::string_view value);
};

template <Message::Lifecycle kPhase>
void set_lifecycle(Message& message, std::string_view value) {
    if (value == "1") message.lifecycle = kPhase;
}

template <std::optional<std::chrono::microseconds> Message::*kField>
void set_time(Message& message, std::string_view value) {
    assign(message.*kField, parse_time(value));
}

void set_watchdog(Message& message, std::string_view value) {
    if (value == "1") message.watchdog = Message::Watchdog::alive;
    if (value == "trigger") message.watchdog = Message::Watchdog::trigger;
}

void set_barrier(Message& message, std::string_view value) {
    if (value == "1") message.barrier = true;
}

void set_status(Message& message, std::string_view value) {
    message.status = printable_text(value);
}

void set_main_pid(Message& message, std::string_view value) {
    assign(message.main_pid, parse_number<int32_t>(value, 1, std::numeric_limits<int32_t>::max()));
}

void set_error_number(Message& message, std::string_view value) {
    assign(message.error_number, parse_number<int>(value, 0, 4095));
}

constexpr Key kKeys[] = {
    {"READY", set_lifecycle<Message::Lifecycle::ready>},
    {"RELOADING", set_lifecycle<Message::Lifecycle::reloading>},
    {"STOPPING", set_lifecycle<Message::Lifecycle::stopping>},
    {"WATCHDOG", set_watchdog},
    {"BARRIER", set_barrier},
    {"STATUS", set_status},
    {"MAINPID", set_main_pid},
    {"ERRNO", set_error_number},
    {"MONOTONIC_USEC", set_time<&Message::reload_began>},
    {"EXTEND_TIMEOUT_USEC", set_time<&Message::extend_timeout>},
    {"WATCHDOG_USEC", set_time<&Message::watchdog_interval>},
};

void apply_line(Message& message, std::string_view line) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = line.substr(0, equals);
    for (const Key& key : kKeys) {
        if (key.name == name) key.apply(message, line.substr(equals + 1));
    }
}

}  // namespace

std::optional<NotifyMessage> parse_notify(std::string_view datagram) {
    if (datagram.size() > kMaxNotifyBytes) return std::nullopt;
    if (datagram.ends_with('\0')) datagram.remove_suffix(1);
    if (datagram.find('\0') != std::string_view::npos) return std::nullopt;
    NotifyMessage message;
    while (!datagram.empty()) {
        const std::string_view line = datagram.substr(0, datagram.find('\n'));
        apply_line(message, line);
        datagram.remove_prefix(std::min(line.size() + 1, datagram.size()));
    }
    return message;
}

}  // namespace yard::engine
