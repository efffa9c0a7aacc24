// Text from a service, made safe for terminals, logs and JSON.
#pragma once

#include <string>
#include <string_view>

namespace yard::engine {

// Valid UTF-8 without control characters: what is no UTF-8 (RFC 3629) becomes U+FFFD, byte by byte; control
// characters, C1 and DEL among them, become spaces.
std::string printable_text(std::string_view text);

}  // namespace yard::engine
