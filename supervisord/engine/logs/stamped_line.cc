#include "engine/logs/stamped_line.h"

#include <chrono>

#include "engine/logs/json_text.h"

namespace yard::engine::logs {
namespace {

constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
constexpr std::string_view kJsonTime = R"({"time":")";
constexpr std::string_view kJsonService = R"(","service":")";
constexpr std::string_view kJsonLine = R"(","line":")";

bool has_shape(std::string_view text) {
    if (text.size() != kShape.size()) return false;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
    }
    return true;
}

unsigned number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
}

bool take(std::string_view& text, std::string_view front) {
    if (!text.starts_with(front)) return false;
    text.remove_prefix(front.size());
    return true;
}

std::optional<StampedLine> parse_json_line(std::string_view line) {
    const auto time = parse_rfc3339(line.substr(0, kShape.size()));
    if (!time) return std::nullopt;
    line.remove_prefix(kShape.size());
    if (!take(line, kJsonService)) return std::nullopt;
    const size_t name_end = line.find(kJsonLine);
    if (name_end == std::string_view::npos) return std::nullopt;
    auto text = parse_json_text(line.substr(name_end + kJsonLine.size()));
    if (!text) return std::nullopt;
    return StampedLine{*time, std::move(*text)};
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    if (!has_shape(text)) return std::nullopt;
    using namespace std::chrono;
    const year_month_day date(year(static_cast<int>(number(text.substr(0, 4)))),
                              month(number(text.substr(5, 2))), day(number(text.substr(8, 2))));
    if (!date.ok()) return std::nullopt;
    return WallTime(sys_days(date).time_since_epoch() + hours(number(text.substr(11, 2))) +
                    minutes(number(text.substr(14, 2))) + seconds(number(text.substr(17, 2))) +
                    milliseconds(number(text.substr(20, 3))));
}

std::optional<StampedLine> parse_stamped(std::string_view line) {
    if (take(line, kJsonTime)) return parse_json_line(line);
    const auto time = parse_rfc3339(line.substr(0, kShape.size()));
    if (!time || line.substr(kShape.size(), 1) != " ") return std::nullopt;
    return StampedLine{*time, std::string(line.substr(kShape.size() + 1))};
}

}  // namespace yard::engine::logs
