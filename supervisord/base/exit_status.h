// ExitStatus: how a process ended. The wait-status macros of wait(2) appear in this file only.
#pragma once

#include <sys/wait.h>

#include <cstdint>

namespace yard {

class ExitStatus {
  public:
    enum class Kind : uint8_t {
        none,      // has not ended
        exited,    // by exit(code)
        signaled,  // by a signal
        unknown,   // ended, and nobody who could know was there to see it
    };

    constexpr ExitStatus() = default;
    static constexpr ExitStatus from_exit_code(int code) { return {Kind::exited, code, false}; }
    static constexpr ExitStatus from_signal(int number, bool core = false) {
        return {Kind::signaled, number, core};
    }
    static constexpr ExitStatus unknown() { return {Kind::unknown, 0, false}; }
    // `status` as wait(2) fills it, for a process that has ended.
    static ExitStatus from_wait_status(int status) {
        if (WIFEXITED(status)) return from_exit_code(WEXITSTATUS(status));
        if (WIFSIGNALED(status)) return from_signal(WTERMSIG(status), WCOREDUMP(status));
        return unknown();
    }

    constexpr Kind kind() const { return kind_; }
    constexpr bool ended() const { return kind_ != Kind::none; }
    constexpr bool is_exit() const { return kind_ == Kind::exited; }
    constexpr bool is_signal() const { return kind_ == Kind::signaled; }
    // REQUIRES: is_exit().
    constexpr int code() const { return value_; }
    // REQUIRES: is_signal().
    constexpr int signal() const { return value_; }
    constexpr bool dumped_core() const { return core_; }

    // The status a shell would show: the code, 128 + signal, or 255 when unknown.
    constexpr int as_shell_code() const {
        if (kind_ == Kind::exited) return value_;
        return kind_ == Kind::signaled ? 128 + value_ : 255;
    }

    constexpr bool operator==(const ExitStatus&) const = default;

  private:
    constexpr ExitStatus(Kind kind, int value, bool core) : kind_(kind), core_(core), value_(value) {}

    Kind kind_ = Kind::none;
    bool core_ = false;
    int32_t value_ = 0;
};

}  // namespace yard
