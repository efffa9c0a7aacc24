// How messages follow each other in a stream of bytes, such as standard input.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ctl/arguments.h"
#include "ctl/outcome.h"

namespace yard::ctl {

enum class Framing {
    whole,   // everything up to its end is one message; written: one directly behind the other
    lines,   // each ends with a newline
    nulls,   // each ends with a NUL byte
    lengths  // before each, how many bytes it has: 32 bits, the highest first
};

// By --lines, --null, --length-prefixed; Trouble when several are given.
Result<Framing, Trouble> framing_of(const Arguments& args);

// The bytes that stand for the message.
std::string framed(std::string_view message, Framing framing);

// For what takes text alone (RFC 4648).
std::string base64(std::string_view bytes);

// Cuts what comes from a descriptor into messages.
class MessageReader {
  public:
    // `fd` is borrowed.
    MessageReader(int fd, Framing framing) : fd_(fd), framing_(framing) {}
    // Nothing: the end. Of lines and NULs the last one may lack its mark; a length that promises more than there is,
    // and a message over 64 MiB, is Trouble.
    Result<std::optional<std::string>, Trouble> next();

  private:
    bool take(std::string* message);
    Result<std::optional<std::string>, Trouble> last();
    std::string cut(size_t begin, size_t size, size_t mark);

    const int fd_;
    const Framing framing_;
    std::string received_;
    size_t begin_ = 0;     // of the next message in received_
    size_t searched_ = 0;  // bytes behind it that have no mark
    bool ended_ = false;
    bool gave_whole_ = false;
};

}  // namespace yard::ctl
