// The sentences that `reason` is made of. Plain words, built without the heap.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/clock.h"
#include "base/exit_status.h"
#include "conf/config.h"
#include "engine/graph/topology.h"

namespace yard::engine::graph {

// A sentence in the making; what does not fit is left off.
class Words {
  public:
    Words& operator<<(std::string_view text);
    Words& operator<<(const char* text) { return *this << std::string_view(text); }
    Words& operator<<(uint64_t number);
    Words& operator<<(Duration duration);  // "250ms", "3s", "2m 5s"
    Words& operator<<(ExitStatus status);  // "exit 1", "killed by SIGSEGV (core dumped)"
    std::string_view view() const { return {text_, size_}; }
    operator std::string_view() const { return view(); }

  private:
    char text_[192];
    size_t size_ = 0;
};

// "waiting for db to be ready", of an edge that is not met.
Words waiting_for(const Edge& edge, const Node& dependency);

// "requires db, which failed: exit 1 after 3ms", of a dependency that is not expected up.
Words requires_missing(const Node& dependency);

}  // namespace yard::engine::graph
