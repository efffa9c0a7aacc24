// Printer: one service's lines on the daemon's standard output, which it shares with the others (StdoutSink).
// It keeps count of how much of the spool's unparsed part is printed already, because the file and the record
// come after that.
//
// Thread safety: none; lives in the log thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/logs/line_format.h"
#include "engine/logs/stdout_sink.h"

namespace yard::engine::logs {

class Printer {
  public:
    // `task` gets a turn when it is worth calling print() again. Everything outlives this.
    Printer(const std::string& service, LineFormat::Kind kind, Reactor& reactor, StdoutSink& sink,
            Reactor::Task& task);
    ~Printer();

    // Nobody reads: nothing needs to be printed.
    bool gone() const { return sink_.gone(); }
    // Sees to it that lines at the front of `portion` are printed; how many bytes of it are. 0: later. A last
    // line without newline is given one.
    size_t print(std::string_view portion, WallTime now);
    // `size` bytes have left the front of what is unparsed.
    void forget_front(size_t size);

  private:
    static constexpr size_t kAtOnce = 64 << 10;

    std::string service_;
    LineFormat format_;
    Reactor& reactor_;
    StdoutSink& sink_;
    Reactor::Task& task_;
    size_t printed_ = 0;   // bytes from the front
    size_t printing_ = 0;  // bytes behind those: on their way
    bool waits_ = false;   // task_ wants a turn when they are through
};

}  // namespace yard::engine::logs
