// yard::Error: what the classes of libyard throw.
#pragma once

#include <yard.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>

namespace yard {
inline namespace v1 {

// code() is an errno in std::generic_category(), which compares with std::errc; what() has the sentence for a person.
class Error : public std::system_error {
  public:
    Error(int number, const std::string& doing)
        : std::system_error(number, std::generic_category(), doing + sentence()) {}

  private:
    static std::string sentence() {
        const std::string text = yard_last_error();
        return text.empty() ? text : ": " + text;
    }
};

// How long a call may wait. Negative: for ever; zero: not at all.
using Timeout = std::chrono::nanoseconds;
inline constexpr Timeout forever{-1};
inline constexpr Timeout immediately{0};

namespace detail {

// The result of a call of yard.h, or Error.
template <typename Number>
Number checked(Number result, const char* doing) {
    if (result < 0) throw Error(static_cast<int>(-result), doing);
    return result;
}

// Whether the time ran out: then there is nothing, and no error.
template <typename Number>
bool ran_out(Number result) {
    return result == -ETIMEDOUT || result == -EAGAIN;
}

// A handle of yard.h: moves, and closes what it holds.
template <typename T, void (*close)(T*)>
class Handle {
  public:
    explicit Handle(T* raw) : raw_(raw) {}
    Handle(Handle&& other) noexcept : raw_(other.raw_) { other.raw_ = nullptr; }
    Handle& operator=(Handle&& other) noexcept {
        T* const mine = raw_;
        raw_ = other.raw_;
        other.raw_ = mine;
        return *this;
    }
    ~Handle() {
        if (raw_ != nullptr) close(raw_);
    }
    T* get() const { return raw_; }

  private:
    T* raw_;
};

}  // namespace detail
}  // namespace v1
}  // namespace yard
