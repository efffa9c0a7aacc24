// Any response is complete, incomplete or malformed; and more bytes never change what was decided.
#include <cstdint>
#include <cstdlib>

#include "engine/ready/http_status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace yard::engine;
    const std::string_view received(reinterpret_cast<const char*>(data), size);
    const HttpStatus whole = parse_http_status(received);
    const HttpStatus part = parse_http_status(received.substr(0, size / 2));
    const bool known = whole.state == HttpStatus::State::complete;
    if (known != (whole.code >= 200 && whole.code <= 999)) std::abort();
    if (size >= kMaxHttpHeadBytes && whole.state == HttpStatus::State::incomplete) std::abort();
    const bool decided = part.state != HttpStatus::State::incomplete;
    if (decided && (part.state != whole.state || part.code != whole.code)) std::abort();
    return 0;
}
