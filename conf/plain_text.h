// What a configuration file may consist of, before anything looks at its meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yard::conf {

struct TextFault {
    uint32_t line = 0;
    uint32_t column = 0;  // in bytes, from 1
    std::string message;
};

// The first byte that is not UTF-8 (RFC 3629) or is a control character other than tab, line feed and
// carriage return. yaml-cpp would take both (and would end the file at a 0x04).
std::optional<TextFault> find_text_fault(std::string_view text);

}  // namespace yard::conf
