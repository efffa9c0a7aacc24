// Time. Durations and points are integers of nanoseconds in their own types; nothing takes a bare int.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace yard {

using Duration = std::chrono::nanoseconds;

// Stopwatch time (CLOCK_BOOTTIME): deadlines and ages. It counts suspended time, survives a restart of the
// engine, and nobody can set it.
struct BootClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

// Time of day (CLOCK_REALTIME): only ever shown, never waited for.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// The seam for time. Tests use tests/fakes/fake_clock.h.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual BootTime now() const = 0;
    virtual WallTime wall_now() const = 0;
};

class SystemClock : public Clock {
  public:
    BootTime now() const override { return BootTime(read(CLOCK_BOOTTIME)); }
    WallTime wall_now() const override { return WallTime(read(CLOCK_REALTIME)); }

  private:
    static Duration read(clockid_t id) {
        timespec t{};
        clock_gettime(id, &t);
        return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
    }
};

}  // namespace yard
