// A counting semaphore between processes. See yard.h for what it promises when processes die.
#pragma once

#include <yard.h>

#include <utility>
#include <yard/error.hpp>

namespace yard {
inline namespace v1 {

enum class PermitUse {
    by_default = YARD_PERMIT_DEFAULT,  // as the semaphore was made
    resource = YARD_PERMIT_RESOURCE,   // back when this process dies
    token = YARD_PERMIT_TOKEN,         // nobody's
};

// Move only. Any thread may call any function at any time; all throw Error.
class Semaphore {
  public:
    // Takes a handle of yard.h over.
    explicit Semaphore(yard_semaphore* raw) : handle_(raw) {}

    // False: there was no permit in time.
    bool acquire(Timeout timeout = forever, PermitUse use = PermitUse::by_default) {
        const int result = yard_semaphore_acquire_as(raw_handle(), static_cast<int>(use), timeout.count());
        return !detail::ran_out(result) && detail::checked(result, "acquire a permit") == 0;
    }
    bool try_acquire() { return acquire(immediately); }
    void release() { detail::checked(yard_semaphore_release(raw_handle()), "release a permit"); }
    int value() const { return detail::checked(yard_semaphore_value(raw_handle()), "look at a semaphore"); }

    int fd() const { return detail::checked(yard_semaphore_fd(raw_handle()), "get a descriptor"); }
    yard_semaphore* raw_handle() const { return handle_.get(); }

  private:
    detail::Handle<yard_semaphore, yard_semaphore_close> handle_;
};

}  // namespace v1
}  // namespace yard
