#include "ctl/framing.h"

#include <unistd.h>

#include <cerrno>

#include "base/result.h"

namespace yard::ctl {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kMaxMessageBytes = 64 << 20;
constexpr size_t kReadBytes = 64 << 10;

size_t length_at(const std::string& bytes, size_t at) {
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i)
        length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    return length;
}

}  // namespace

Result<Framing, Trouble> framing_of(const Arguments& args) {
    if (args.by_line + args.by_null + args.by_length > 1)
        return trouble(ExitCode::usage, "--lines, --null and --length-prefixed exclude each other");
    if (args.by_line) return Framing::lines;
    if (args.by_null) return Framing::nulls;
    return args.by_length ? Framing::lengths : Framing::whole;
}

std::string framed(std::string_view message, Framing framing) {
    std::string bytes;
    if (framing == Framing::lengths) {
        for (size_t i = kLengthBytes; i-- > 0;) bytes += static_cast<char>(message.size() >> (8 * i));
    }
    bytes += message;
    if (framing == Framing::lines) bytes += '\n';
    if (framing == Framing::nulls) bytes += '\0';
    return bytes;
}

std::string base64(std::string_view bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
        for (size_t i = 0; i < 4; ++i) text += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

Result<std::optional<std::string>, Trouble> MessageReader::next() {
    std::string message;
    for (;;) {
        if (take(&message)) return std::optional(std::move(message));
        if (ended_) return last();
        if (received_.size() - begin_ > kMaxMessageBytes + kLengthBytes)
            return trouble(ExitCode::failed, "a message has more than 64 MiB");
        received_.erase(0, std::exchange(begin_, 0));
        const size_t before = received_.size();
        received_.resize(before + kReadBytes);
        const ssize_t count = read(fd_, received_.data() + before, kReadBytes);
        received_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
        if (count == 0) ended_ = true;
        if (count < 0 && errno != EINTR)
            return trouble(ExitCode::failed, system_error("read", "standard input").message);
    }
}

bool MessageReader::take(std::string* message) {
    const size_t available = received_.size() - begin_;
    if (framing_ == Framing::lengths) {
        if (available < kLengthBytes) return false;
        const size_t length = length_at(received_, begin_);
        if (available - kLengthBytes < length) return false;
        *message = cut(begin_ + kLengthBytes, length, 0);
        return true;
    }
    if (framing_ == Framing::whole) return false;
    const size_t end = received_.find(framing_ == Framing::lines ? '\n' : '\0', begin_ + searched_);
    searched_ = available;
    if (end == std::string::npos) return false;
    *message = cut(begin_, end - begin_, 1);
    return true;
}

std::string MessageReader::cut(size_t begin, size_t size, size_t mark) {
    begin_ = begin + size + mark;
    searched_ = 0;
    return received_.substr(begin, size);
}

Result<std::optional<std::string>, Trouble> MessageReader::last() {
    const size_t left = received_.size() - begin_;
    if (framing_ == Framing::whole && !std::exchange(gave_whole_, true))
        return std::optional(cut(begin_, left, 0));
    if (left == 0) return std::optional<std::string>();
    if (framing_ == Framing::lengths)
        return trouble(ExitCode::failed, "standard input ended in the middle of a message");
    return std::optional(cut(begin_, left, 0));
}

}  // namespace yard::ctl
