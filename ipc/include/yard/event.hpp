// A flag that processes wait for.
#pragma once

#include <yard.h>

#include <yard/error.hpp>

namespace yard {
inline namespace v1 {

// It stays set until it is cleared. Move only; any thread may call any function at any time; all throw Error.
class Event {
  public:
    // Takes a handle of yard.h over.
    explicit Event(yard_event* raw) : handle_(raw) {}

    // Wakes all who wait.
    void set() { detail::checked(yard_event_set(raw_handle()), "set an event"); }
    void clear() { detail::checked(yard_event_clear(raw_handle()), "clear an event"); }
    bool is_set() const { return detail::checked(yard_event_is_set(raw_handle()), "look at an event") != 0; }
    // False: it was not set in time.
    bool wait(Timeout timeout = forever) {
        const int result = yard_event_wait(raw_handle(), timeout.count());
        return !detail::ran_out(result) && detail::checked(result, "wait for an event") == 0;
    }

    int fd() const { return detail::checked(yard_event_fd(raw_handle()), "get a descriptor"); }
    yard_event* raw_handle() const { return handle_.get(); }

  private:
    detail::Handle<yard_event, yard_event_close> handle_;
};

}  // namespace v1
}  // namespace yard
