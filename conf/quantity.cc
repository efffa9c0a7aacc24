#include "conf/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

namespace yard::conf {
namespace {

struct Unit {
    std::string_view name;
    uint64_t factor;
};

// From the largest to the smallest: writers take the first that divides.
constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kBinarySizes{
    {{"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1024}}};
constexpr std::array<Unit, 6> kOtherSizes{{{"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"KB", 1000},
                                           {"kB", 1000},
                                           {"B", 1}}};

constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();

using Prefix = std::pair<std::string_view, std::string_view>;

struct Quantity {
    std::string digits;
    uint64_t number;
    std::string_view unit;
};

// Digits, then whatever follows them.
std::optional<Quantity> split(std::string_view text) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number > kLargest) return {};
    const auto used = static_cast<size_t>(end - text.data());
    return Quantity{std::string(text.substr(0, used)), number, text.substr(used)};
}

template <size_t N>
std::optional<uint64_t> scale(const Quantity& quantity, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (unit.name == quantity.unit && quantity.number <= kLargest / unit.factor)
            return quantity.number * unit.factor;
    }
    return {};
}

// Nothing for what is too long to be read as a number.
std::string propose(const std::string& text) {
    return text.size() > 40 ? "" : "did you mean \"" + text + "\"?";
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The unit that was meant by "sec", " Minutes", "kb": told by how it begins.
std::string_view meant_unit(std::string_view written, std::initializer_list<Prefix> prefixes) {
    std::string word;
    for (const char c : written) {
        if (c != ' ') word += lower(c);
    }
    for (const auto& [prefix, unit] : prefixes) {
        if (word.starts_with(prefix)) return unit;
    }
    return {};
}

// The failure for a number whose unit is wrong or missing.
Failure<Error> wrong_unit(const Quantity& quantity, std::string_view meant) {
    if (meant.empty() || meant == quantity.unit) return fail("");
    return fail(propose(quantity.digits + std::string(meant)));
}

}  // namespace

Result<int64_t> parse_integer(std::string_view text) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return fail("");
    return number;
}

Result<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return fail("");
    return number;
}

Result<double> parse_percent(std::string_view text) {
    const bool marked = text.ends_with('%');
    const auto number = parse_number(marked ? text.substr(0, text.size() - 1) : text);
    if (!number) return fail("");
    if (!marked) return fail(propose(*number < 1 ? write_percent(*number) : std::string(text) + "%"));
    return *number / 100;
}

Result<Milliseconds> parse_duration(std::string_view text) {
    const auto quantity = split(text);
    if (!quantity) return fail("");
    if (const auto scaled = scale(*quantity, kDurations)) return Milliseconds(*scaled);
    if (quantity->unit.empty()) return wrong_unit(*quantity, "s");
    return wrong_unit(
        *quantity,
        meant_unit(quantity->unit,
                   {{"ms", "ms"}, {"milli", "ms"}, {"s", "s"}, {"m", "m"}, {"h", "h"}, {"d", "d"}}));
}

Result<uint64_t> parse_size(std::string_view text) {
    const auto quantity = split(text);
    if (!quantity) return fail("");
    if (quantity->unit.empty()) return quantity->number;
    if (const auto scaled = scale(*quantity, kBinarySizes)) return *scaled;
    if (const auto scaled = scale(*quantity, kOtherSizes)) return *scaled;
    return wrong_unit(
        *quantity,
        meant_unit(quantity->unit, {{"k", "KiB"}, {"m", "MiB"}, {"g", "GiB"}, {"t", "TiB"}, {"b", "B"}}));
}

std::string write_percent(double fraction) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g%%", fraction * 100);
    return text;
}

std::string write_duration(Milliseconds duration) {
    const auto count = static_cast<uint64_t>(duration.count());
    if (count == 0) return "0ms";
    for (const Unit& unit : kDurations) {
        if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string(unit.name);
    }
    return std::to_string(count) + "ms";
}

std::string write_size(uint64_t bytes) {
    for (const Unit& unit : kBinarySizes) {
        if (bytes != 0 && bytes % unit.factor == 0)
            return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
    return std::to_string(bytes);
}

}  // namespace yard::conf
