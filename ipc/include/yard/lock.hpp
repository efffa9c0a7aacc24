// A lock between processes, for std::lock_guard and std::unique_lock. See yard.h for what it promises when its owner
// dies.
#pragma once

#include <yard.h>

#include <atomic>
#include <optional>
#include <utility>
#include <yard/error.hpp>

namespace yard {
inline namespace v1 {

// Between processes only: within one, threads exclude each other as well, and any of them may unlock. Not recursive.
// Move only (not while it is in use); all functions throw Error.
class Lock {
  public:
    // Takes a handle of yard.h over.
    explicit Lock(yard_lock* raw) : handle_(raw) {}
    Lock(Lock&& other) noexcept : handle_(std::move(other.handle_)), owner_died_(other.owner_died_.load()) {}
    Lock& operator=(Lock&& other) noexcept {
        handle_ = std::move(other.handle_);
        owner_died_ = other.owner_died_.load();
        return *this;
    }

    void lock() { lock_for(forever); }
    bool try_lock() { return lock_for(immediately); }
    // False: it was not free in time.
    bool lock_for(Timeout timeout) {
        const int result = yard_lock_acquire(raw_handle(), timeout.count());
        if (detail::ran_out(result)) return false;
        owner_died_ = detail::checked(result, "acquire a lock") == EOWNERDEAD;
        return true;
    }
    void unlock() { detail::checked(yard_lock_release(raw_handle()), "release a lock"); }

    // Of whoever holds it now: the last owner died while it held it, so that what the lock protects may be half done.
    bool owner_died() const { return owner_died_; }
    // Who died last while it held the lock. Nothing: nobody did.
    std::optional<yard_death> last_death() const {
        yard_death death;
        if (detail::checked(yard_lock_last_owner(raw_handle(), &death), "look at a lock") == 0) return {};
        return death;
    }

    int fd() const { return detail::checked(yard_lock_fd(raw_handle()), "get a descriptor"); }
    yard_lock* raw_handle() const { return handle_.get(); }

  private:
    detail::Handle<yard_lock, yard_lock_close> handle_;
    std::atomic<bool> owner_died_{false};
};

}  // namespace v1
}  // namespace yard
