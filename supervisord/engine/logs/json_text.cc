#include "engine/logs/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace yard::engine::logs {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The size of the well-formed UTF-8 character at the front (RFC 3629); 0 when there is none.
size_t character_size(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const auto tail = [&](size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const uint8_t first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4 || !tail(1)) return 0;
    if (first < 0xE0) return 2;
    const uint8_t second = byte(1);
    if (first == 0xE0 && second < 0xA0) return 0;  // overlong
    if (first == 0xED && second > 0x9F) return 0;  // surrogates
    if (first == 0xF0 && second < 0x90) return 0;  // overlong
    if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
    if (!tail(2)) return 0;
    if (first < 0xF0) return 3;
    return tail(3) ? 4 : 0;
}

// Can it stand in a JSON string as it is, alone?
constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t i = 0x20; i < 0x80; ++i) plain[i] = i != '"' && i != '\\';
    return plain;
}();

void append_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u00";
    out += digits[static_cast<uint8_t>(c) >> 4];
    out += digits[static_cast<uint8_t>(c) & 15];
}

void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

// Appends what the escape behind the backslash text[0] means; returns its size, 0 when it is none.
size_t append_unescaped(std::string& out, std::string_view text) {
    if (text.size() < 2) return 0;
    constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (const size_t i = names.find(text[1]); i != std::string_view::npos) {
        out += meanings[i];
        return 2;
    }
    uint32_t code = 0;
    if (text[1] != 'u' || text.size() < 6) return 0;
    if (std::from_chars(text.data() + 2, text.data() + 6, code, 16).ptr != text.data() + 6) return 0;
    append_utf8(out, code);
    return 6;
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        size_t plain = 0;
        while (plain < text.size() && kPlain[static_cast<uint8_t>(text[plain])]) ++plain;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        const size_t size = character_size(text);
        if (size > 1) {
            out += text.substr(0, size);
        } else if (size == 1) {
            append_escape(out, text[0]);
        } else {
            out += kReplacement;
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
}

size_t whole_utf8_size(std::string_view text) {
    for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<uint8_t>(text[text.size() - back]);
        if ((byte & 0xC0) == 0x80) continue;
        const size_t needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return needed > back ? text.size() - back : text.size();
    }
    return text.size();
}

std::optional<std::string> parse_json_text(std::string_view text) {
    std::string out;
    while (!text.empty() && text[0] != '"') {
        const size_t plain = std::min(text.find_first_of("\"\\"), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty() || text[0] == '"') break;
        const size_t size = append_unescaped(out, text);
        if (size == 0) return std::nullopt;
        text.remove_prefix(size);
    }
    if (text.empty()) return std::nullopt;
    return out;
}

}  // namespace yard::engine::logs
