#include "ctl/display_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace yard::ctl {
namespace {

struct Character {
    char32_t code = 0;
    size_t bytes = 1;
    bool valid = false;
};

// The first character of `text`, by the rules of RFC 3629: no overlong forms, no surrogates.
Character first_character(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return {byte(0), 1, true};
    const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return {};
    char32_t code = byte(0) & (0x7fu >> length);
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3f);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, length, true};
}

struct Range {
    char32_t first, last;
};

bool in_ranges(const Range* begin, const Range* end, char32_t code) {
    const Range* range =
        std::lower_bound(begin, end, code, [](const Range& r, char32_t c) { return r.last < c; });
    return range != end && code >= range->first;
}

// Blocks of combining marks and joiners, and of East Asian wide characters and emoji (Unicode 15, whole
// blocks).
constexpr Range kZeroWidth[] = {{0x0300, 0x036f},  {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
                                {0x064b, 0x065f},  {0x06d6, 0x06dc}, {0x0900, 0x0902}, {0x093a, 0x093c},
                                {0x0941, 0x0948},  {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
                                {0x1ab0, 0x1aff},  {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x2060, 0x2064},
                                {0x20d0, 0x20ff},  {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
                                {0xe0100, 0xe01ef}};
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
                           {0x2614, 0x2615},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x274c, 0x274c},
                           {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},
                           {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                           {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                           {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

size_t width_of(char32_t code) {
    if (code < 0x300) return 1;
    if (in_ranges(std::begin(kZeroWidth), std::end(kZeroWidth), code)) return 0;
    return in_ranges(std::begin(kWide), std::end(kWide), code) ? 2 : 1;
}

// Printable ASCII: what most text is.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Would change the order or the state of what the terminal shows.
bool is_unsafe(char32_t code) {
    return (code >= 0x80 && code <= 0x9f) || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string neutralised(std::string whole, Neutralising how) {
    if (is_plain(whole)) return whole;
    std::string_view text = whole;
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        const bool is_ascii = character.valid && character.code < 0x80;
        if (is_ascii && (character.code < 0x20 || character.code == 0x7f)) {
            const bool kept = character.code == '\t' && how.keep_tabs;
            if (!kept) safe += '^';
            safe += kept ? '\t' : static_cast<char>(character.code ^ 0x40);
        } else if (!is_ascii && how.ascii_only) {
            safe += '?';
        } else if (!character.valid || is_unsafe(character.code)) {
            safe += "\uFFFD";
        } else {
            safe += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
    return safe;
}

size_t display_width(std::string_view text) {
    if (is_plain(text)) return text.size();
    size_t width = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        width += width_of(character.code);
        text.remove_prefix(character.bytes);
    }
    return width;
}

std::string cut_to_width(std::string_view text, size_t width, std::string_view ellipsis) {
    if (display_width(text) <= width) return std::string(text);
    const size_t ellipsis_width = display_width(ellipsis);
    if (width < ellipsis_width) return std::string(ellipsis.substr(0, width));
    size_t used = 0, bytes = 0;
    while (bytes < text.size()) {
        const Character character = first_character(text.substr(bytes));
        if (used + width_of(character.code) > width - ellipsis_width) break;
        used += width_of(character.code);
        bytes += character.bytes;
    }
    return std::string(text.substr(0, bytes)) + std::string(ellipsis);
}

}  // namespace yard::ctl
