#include "ctl/time_text.h"

#include <charconv>
#include <chrono>
#include <ctime>

#include "base/text.h"

namespace yard::ctl {
namespace {

// Takes the digits at the front of `text`; nothing when there are none or too many.
std::optional<int64_t> take_number(std::string_view& text) {
    int64_t number = 0;
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text[0] != expected) return false;
    text.remove_prefix(1);
    return true;
}

// ".123456" as nanoseconds; digits beyond the ninth are dropped.
Duration take_fraction(std::string_view& text) {
    int64_t ns = 0;
    int64_t scale = 100'000'000;
    if (!take(text, '.')) return Duration(0);
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), scale /= 10) {
        ns += (text[0] - '0') * scale;
    }
    return Duration(ns);
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    constexpr char kAfter[] = {'-', '-', 'T', ':', ':'};
    int64_t fields[6];
    for (size_t i = 0; i < 6; ++i) {
        const std::optional<int64_t> number = take_number(text);
        if (!number || *number > 9999 || (i < 5 && !take(text, kAfter[i]))) return std::nullopt;
        fields[i] = *number;
    }
    const Duration fraction = take_fraction(text);
    if (text != "Z") return std::nullopt;
    tm parts{};
    parts.tm_year = static_cast<int>(fields[0]) - 1900;
    parts.tm_mon = static_cast<int>(fields[1]) - 1;
    parts.tm_mday = static_cast<int>(fields[2]);
    parts.tm_hour = static_cast<int>(fields[3]);
    parts.tm_min = static_cast<int>(fields[4]);
    parts.tm_sec = static_cast<int>(fields[5]);
    return WallTime(std::chrono::seconds(timegm(&parts)) + fraction);
}

std::string age_words(Duration age) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(age);
    return whole.count() <= 0 ? "0s" : format_duration(whole);
}

std::string local_time_words(WallTime time) {
    const time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    tm parts{};
    localtime_r(&seconds, &parts);
    char text[64];
    return std::string(text, strftime(text, sizeof text, "%a %Y-%m-%d %H:%M:%S", &parts));
}

}  // namespace yard::ctl
