#include "ipc/varlink/decoder.h"

#include "ipc/varlink/json.h"

namespace yard::varlink {
namespace {

constexpr size_t kKeptBytes = 16 << 10;  // of a buffer that is empty

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

void Decoder::feed(std::string_view bytes) {
    if (!problem_.empty()) return;
    // Only what is behind the last whole message moves, and that came with the piece before: linear overall.
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kKeptBytes) buffer_.shrink_to_fit();
    buffer_.append(bytes);
}

Result<std::optional<Decoder::Message>> Decoder::next() {
    while (problem_.empty() && scanned_ < buffer_.size()) {
        const char byte = buffer_[scanned_];
        const Step step = scan(byte);
        if (step == Step::complete) return std::optional(take(byte));
        if (step == Step::more) ++scanned_;
    }
    if (!problem_.empty()) return fail(problem_);
    return std::optional<Message>();
}

Decoder::Step Decoder::scan(char byte) {
    if (scanned_ - begin_ > max_bytes_) {
        return broken("the message is larger than " + std::to_string(max_bytes_) + " bytes");
    }
    if (depth_ > 0) return scan_inside(byte);
    const bool begun = scanned_ > begin_;  // depth 0 again: the object is complete
    if (byte == '\0' || byte == '\n') {
        if (begun) return Step::complete;
        ++begin_;
        return Step::more;
    }
    if (is_space(byte)) {
        if (!begun) ++begin_;
        return Step::more;
    }
    if (begun) return broken("something other than NUL or a newline follows the JSON object");
    if (byte != '{') return broken("a message is a JSON object that ends with NUL or a newline");
    depth_ = 1;
    return Step::more;
}

Decoder::Step Decoder::scan_inside(char byte) {
    if (byte == '\0') return broken("NUL inside the JSON object");
    if (in_string_) {
        if (escaped_) {
            escaped_ = false;
        } else if (byte == '\\') {
            escaped_ = true;
        } else if (byte == '"') {
            in_string_ = false;
        }
        return Step::more;
    }
    if (byte == '"') in_string_ = true;
    if (byte == '}' || byte == ']') --depth_;
    if (byte == '{' || byte == '[') {
        if (++depth_ > kMaxJsonDepth) {
            return broken("the message is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
        }
    }
    return Step::more;
}

Decoder::Step Decoder::broken(std::string problem) {
    problem_ = std::move(problem);
    buffer_ = std::string();
    begin_ = scanned_ = 0;
    return Step::broken;
}

Decoder::Message Decoder::take(char terminator) {
    Message message{buffer_.substr(begin_, scanned_ - begin_), terminator};
    begin_ = ++scanned_;
    return message;
}

}  // namespace yard::varlink
