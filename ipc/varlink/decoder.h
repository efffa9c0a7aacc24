// Cuts a stream of bytes into varlink messages. Pure: it reads no descriptor and keeps no time. Not thread
// safe.
//
// A message is one JSON object. A NUL byte ends it; a newline ends it too where the object is complete, so
// that `nc -U` works and pretty-printed JSON does not end early. White space between messages is skipped.
// Each byte is looked at once, however small the pieces are in which it arrives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace yard::varlink {

inline constexpr size_t kMaxMessageBytes = 1 << 20;

class Decoder {
  public:
    // Messages over `max_bytes` are refused; so are they over kMaxMessageBytes.
    explicit Decoder(size_t max_bytes = kMaxMessageBytes)
        : max_bytes_(std::min(max_bytes, kMaxMessageBytes)) {}

    struct Message {
        std::string text;        // from `{` to `}`; whether it is valid JSON is for Json::parse to say
        char terminator = '\0';  // '\0' or '\n': the answer ends in kind
    };

    void feed(std::string_view bytes);

    // The next complete message; nothing when more bytes are needed. An error says what is wrong with the
    // stream: something other than an object, a message too large or deeper than kMaxJsonDepth,
    // an object cut short by a NUL. Where the next message begins is unknown from then on: each later call
    // gives the error again.
    Result<std::optional<Message>> next();

    // A message has begun and its end has not come. Meaningful when next() gave nothing.
    bool inside_message() const { return scanned_ > begin_; }

  private:
    enum class Step { more, complete, broken };
    Step scan(char byte);
    Step scan_inside(char byte);
    Step broken(std::string problem);
    Message take(char terminator);

    size_t max_bytes_;
    std::string buffer_;
    size_t begin_ = 0;    // of the current message in buffer_
    size_t scanned_ = 0;  // bytes of buffer_ that were looked at
    size_t depth_ = 0;    // open brackets
    bool in_string_ = false;
    bool escaped_ = false;  // the byte before was a backslash inside a string
    std::string problem_;   // not empty: the stream is broken
};

}  // namespace yard::varlink
