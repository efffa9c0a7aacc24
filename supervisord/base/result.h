// Result<T, E>: a value or the reason why there is none. The whole program reports failure this way; exceptions
// stay inside the adapters of libraries that throw (yaml-cpp, CLI11).
//
// Thread safety: as the contained types.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace yard {

// A failure for a person to read. `code` is an errno when a system call failed, else 0.
struct Error {
    std::string message;
    int code = 0;

    // Puts what was being done before the message: "opening control socket: bind /x: Address in use".
    Error context(const std::string& doing) && {
        message = doing + ": " + message;
        return std::move(*this);
    }
};

// A system error in the house form "<operation> <object>: <strerror>". `code` defaults to the current errno.
inline Error system_error(const std::string& operation, const std::string& object, int code = errno) {
    return Error{operation + " " + object + ": " + std::strerror(code), code};
}

template <typename E>
struct Failure {
    E error;
};

// `return fail("...")` and `return fail(system_error("open", path))` in a function returning Result.
inline Failure<Error> fail(std::string message, int code = 0) {
    return {Error{std::move(message), code}};
}
inline Failure<Error> fail(Error error) {
    return {std::move(error)};
}

template <typename T, typename E = Error>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure<E> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    // REQUIRES: ok().
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // REQUIRES: !ok().
    E& error() & { return std::get<1>(state_); }
    const E& error() const& { return std::get<1>(state_); }
    E&& error() && { return std::get<1>(std::move(state_)); }

  private:
    std::variant<T, E> state_;
};

struct Unit {};

// The result of an operation that has nothing to return: `return Ok();` or `return fail(...)`.
using Status = Result<Unit>;
inline Status Ok() {
    return Status(Unit{});
}

}  // namespace yard
