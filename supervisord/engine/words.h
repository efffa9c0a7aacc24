// The sentences that people read about a service. Plain words, built without the heap.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/exit_status.h"

namespace yard::engine {

// A start that failed before the program ran.
struct SpawnFailure {
    std::string stage;   // "chdir", "user", "exec" ...
    int error = 0;       // errno
    std::string detail;  // object: the directory, the program
};

// A sentence in the making; what does not fit is left off.
class Words {
  public:
    Words& operator<<(std::string_view text);
    Words& operator<<(const char* text) { return *this << std::string_view(text); }
    Words& operator<<(uint64_t number);
    Words& operator<<(Duration duration);            // "250ms", "3s", "2m 5s"
    Words& operator<<(ExitStatus status);            // "exit 1", "killed by SIGSEGV (core dumped)"
    Words& operator<<(const SpawnFailure& failure);  // "chdir /srv: No such file or directory"
    std::string_view view() const { return {text_, size_}; }
    operator std::string_view() const { return view(); }

  private:
    char text_[192];
    size_t size_ = 0;
};

}  // namespace yard::engine
