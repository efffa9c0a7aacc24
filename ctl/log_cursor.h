// Where `ctl logs -f` stands in each service's log, so that it can go on after the engine was replaced.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace yard::ctl {

class LogCursor {
  public:
    // `started`: services that have shown nothing yet are followed from here when lines come again.
    explicit LogCursor(WallTime started) : started_(started) {}

    // Notes a line. False: it was seen before the connection was lost.
    bool accept(const std::string& service, const std::string& time);

    // The connection was lost: the lines from resume_from() on will come again, in each service's order.
    void resume();
    // Before every line that may be missing: a little before the newest one seen, since lines of several
    // services are merged by times that are not exact. Nothing when no line was seen.
    std::optional<WallTime> resume_from() const;

  private:
    struct Position {
        WallTime time{};
        size_t seen = 0;           // lines with exactly this time
        bool catching_up = false;  // they come again
        size_t again = 0;          // of which so many have come
    };
    static bool accept_at(Position& position, WallTime time);

    WallTime started_;
    bool resumed_ = false;
    std::optional<WallTime> newest_;
    std::map<std::string, Position> positions_;
};

}  // namespace yard::ctl
