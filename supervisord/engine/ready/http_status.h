// The status of an HTTP/1 response (RFC 9112): all of it that a readiness probe looks at.
#pragma once

#include <string_view>

namespace yard::engine {

// A response whose status is not known after this many bytes is none.
inline constexpr size_t kMaxHttpHeadBytes = 16384;

struct HttpStatus {
    enum class State : unsigned char {
        incomplete,  // more bytes are needed
        complete,    // `code` is known
        malformed,   // this is no HTTP/1 response, or its head is too long
    };
    State state = State::incomplete;
    int code = 0;  // 200 to 999: interim responses (1xx) are passed over
};

// `received`: everything the server has sent so far.
HttpStatus parse_http_status(std::string_view received);

}  // namespace yard::engine
