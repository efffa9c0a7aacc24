#include "conf/plain_text.h"

#include <cstdio>

namespace yard::conf {
namespace {

unsigned char byte_at(std::string_view text, size_t at) {
    return static_cast<unsigned char>(text[at]);
}

// The length of the UTF-8 sequence that starts at `at`, 0 when there is none.
size_t sequence_length(std::string_view text, size_t at) {
    const unsigned char lead = byte_at(text, at);
    if (lead < 0x80) return 1;
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xc0) != 0x80) return 0;
    }
    // The second byte tells overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned char second = byte_at(text, at + 1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second > 0x9f;
    const bool too_large = lead == 0xf4 && second > 0x8f;
    return overlong || surrogate || too_large ? 0 : length;
}

std::string fault_message(unsigned char byte, bool control) {
    if (byte == 0) return "the file contains a NUL byte; expected plain text";
    char shown[8];
    std::snprintf(shown, sizeof shown, "0x%02x", byte);
    if (control)
        return std::string("the file contains the control character ") + shown + "; expected plain text";
    return std::string("the byte ") + shown + " is not valid UTF-8; save the file as UTF-8";
}

}  // namespace

std::optional<TextFault> find_text_fault(std::string_view text) {
    uint32_t line = 1;
    size_t line_start = 0;
    for (size_t at = 0; at < text.size();) {
        const unsigned char byte = byte_at(text, at);
        const bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
        const size_t length = sequence_length(text, at);
        if (control || length == 0) {
            return TextFault{line, static_cast<uint32_t>(at - line_start + 1), fault_message(byte, control)};
        }
        at += length;
        if (byte == '\n') {
            ++line;
            line_start = at;
        }
    }
    return {};
}

}  // namespace yard::conf
