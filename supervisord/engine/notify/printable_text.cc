#include "engine/notify/printable_text.h"

#include <cstdint>

namespace yard::engine {
namespace {

struct Character {
    size_t size = 0;  // bytes; 0: these bytes are no UTF-8
    uint32_t code = 0;
};

// The character at the start of `text`, which is not empty.
Character first_character(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {1, lead};
    const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    uint32_t code = lead & (0x7Fu >> size);
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3Fu);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (overlong || surrogate || code > 0x10FFFF) return {};
    return {size, code};
}

bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

}  // namespace

std::string printable_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.size == 0) {
            out += "\xEF\xBF\xBD";
        } else if (is_control(character.code)) {
            out += ' ';
        } else {
            out += text.substr(0, character.size);
        }
        text.remove_prefix(character.size == 0 ? 1 : character.size);
    }
    return out;
}

}  // namespace yard::engine
