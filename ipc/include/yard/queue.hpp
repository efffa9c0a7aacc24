// A queue of messages between processes. See yard.h for what it promises when processes die.
#pragma once

#include <yard.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <yard/error.hpp>

namespace yard {
inline namespace v1 {

struct PutOptions {
    uint32_t priority = 0;  // 0 to 7, the highest first; in a queue with priorities
    Timeout delay{0};       // nobody gets it before
    Timeout ttl{0};         // nobody gets it after; 0: as the queue says
};

namespace detail {

inline yard_put_options raw_options(const PutOptions& options) {
    return {options.priority, 0, options.delay.count(), options.ttl.count()};
}

}  // namespace detail

// A message that this process works on. It is delivered again, to any consumer, unless ack() was called: when the lease
// ends by nack() or its destructor, or the process dies. Move only; it must end before its queue. Not thread safe.
class Lease {
  public:
    Lease(Lease&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), message_(other.message_) {}
    Lease& operator=(Lease&& other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(message_, other.message_);
        return *this;
    }
    ~Lease() {
        if (queue_ != nullptr) yard_queue_nack(queue_, message_.id, 0);
    }

    // In the queue's memory: gone with the lease.
    std::span<const std::byte> data() const {
        return {static_cast<const std::byte*>(message_.data), message_.size};
    }
    std::string_view text() const { return {static_cast<const char*>(message_.data), message_.size}; }
    uint32_t priority() const { return message_.priority; }
    uint32_t deliveries() const { return message_.deliveries; }  // this one included

    // The work is done. Throws Error ESTALE when the lease had a limit that is over.
    void ack() { detail::checked(yard_queue_ack(end(), message_.id), "acknowledge a message"); }
    // The work failed: it is delivered again after `delay`.
    void nack(Timeout delay = immediately) {
        detail::checked(yard_queue_nack(end(), message_.id, delay.count()), "give a message back");
    }

  private:
    friend class Queue;
    Lease(yard_queue* queue, const yard_message& message) : queue_(queue), message_(message) {}
    yard_queue* end() {
        if (queue_ == nullptr) throw Error(EINVAL, "the lease has ended");
        return std::exchange(queue_, nullptr);
    }

    yard_queue* queue_;
    yard_message message_;
};

// Room for a message, to be filled in place. It is put by commit(); otherwise it was never there. As Lease.
class Loan {
  public:
    Loan(Loan&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), message_(other.message_) {}
    Loan& operator=(Loan&& other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(message_, other.message_);
        return *this;
    }
    ~Loan() {
        if (queue_ != nullptr) yard_queue_cancel(queue_, &message_);
    }

    std::span<std::byte> data() const { return {static_cast<std::byte*>(message_.data), message_.size}; }
    // Puts the first `size` bytes of it.
    void commit(size_t size, const PutOptions& options = {}) {
        const yard_put_options raw = detail::raw_options(options);
        detail::checked(yard_queue_commit(queue_, &message_, size, &raw), "put a message");
        queue_ = nullptr;
    }
    void commit() { commit(message_.size); }

  private:
    friend class Queue;
    Loan(yard_queue* queue, const yard_message& message) : queue_(queue), message_(message) {}

    yard_queue* queue_;
    yard_message message_;
};

// Move only. Any thread may call any function at any time. All throw Error but where the time runs out; error code
// EPIPE: the queue is shut.
class Queue {
  public:
    // Takes a handle of yard.h over.
    explicit Queue(yard_queue* raw) : handle_(raw) {}

    // False: there was no room in time.
    bool put(std::span<const std::byte> message, Timeout timeout = forever, const PutOptions& options = {}) {
        const yard_put_options raw = detail::raw_options(options);
        const int result =
            yard_queue_put_opts(raw_handle(), message.data(), message.size(), &raw, timeout.count());
        return !detail::ran_out(result) && detail::checked(result, "put a message") == 0;
    }
    bool put(std::string_view message, Timeout timeout = forever, const PutOptions& options = {}) {
        return put(std::as_bytes(std::span(message.data(), message.size())), timeout, options);
    }
    // As many as there is room for in time: how many.
    size_t put_many(std::span<const std::string_view> messages, Timeout timeout = forever) {
        std::vector<iovec> raw;
        raw.reserve(messages.size());
        for (const std::string_view& each : messages)
            raw.push_back({const_cast<char*>(each.data()), each.size()});
        const ssize_t result = yard_queue_put_many(raw_handle(), raw.data(), raw.size(), timeout.count());
        return detail::ran_out(result) ? 0 : static_cast<size_t>(detail::checked(result, "put messages"));
    }
    // Nothing: there was no room in time.
    std::optional<Loan> loan(size_t size, Timeout timeout = forever, const PutOptions& options = {}) {
        const yard_put_options raw = detail::raw_options(options);
        yard_message message;
        const int result = yard_queue_loan(raw_handle(), size, &raw, timeout.count(), &message);
        if (detail::ran_out(result)) return {};
        detail::checked(result, "get room for a message");
        return Loan(raw_handle(), message);
    }

    // Takes the first message for good. Nothing: none came in time.
    std::optional<std::string> get(Timeout timeout = forever) {
        std::optional<Lease> lease = this->lease(timeout);
        if (!lease) return {};
        std::string message(lease->text());
        lease->ack();
        return message;
    }
    // Takes up to `most` messages for good; waits only for the first one.
    std::vector<std::string> get_many(size_t most, Timeout timeout = forever) {
        std::vector<std::string> messages;
        while (messages.size() < most) {
            std::optional<std::string> message = get(messages.empty() ? timeout : immediately);
            if (!message) break;
            messages.push_back(*std::move(message));
        }
        return messages;
    }
    // As get(), into the caller's memory: its size. Error EMSGSIZE: it is larger, and stays.
    std::optional<size_t> get_into(std::span<std::byte> buffer, Timeout timeout = forever) {
        const ssize_t result =
            yard_queue_get(raw_handle(), buffer.data(), buffer.size(), timeout.count(), nullptr);
        if (detail::ran_out(result)) return {};
        return static_cast<size_t>(detail::checked(result, "take a message"));
    }
    // A copy of the first message, which stays. Nothing: there is none.
    std::optional<std::string> peek() {
        for (std::string message;;) {
            const ssize_t size = yard_queue_peek(raw_handle(), message.data(), message.size());
            if (detail::ran_out(size)) return {};
            const auto whole = static_cast<size_t>(detail::checked(size, "look at a message"));
            const bool is_all = whole <= message.size();
            message.resize(whole);
            if (is_all) return message;
        }
    }
    // Takes it to work on. With a `limit` it comes back after that, even if this process lives.
    std::optional<Lease> lease(Timeout timeout = forever, Timeout limit = Timeout(0)) {
        yard_message message;
        const int result = yard_queue_lease(raw_handle(), timeout.count(), limit.count(), &message);
        if (detail::ran_out(result)) return {};
        detail::checked(result, "take a message");
        return Lease(raw_handle(), message);
    }

    size_t size() const {
        return static_cast<size_t>(detail::checked(yard_queue_size(raw_handle()), "count"));
    }
    size_t capacity() const { return static_cast<size_t>(yard_queue_capacity(raw_handle())); }
    // No more puts, by anybody.
    void shut() { detail::checked(yard_queue_shut(raw_handle()), "shut a queue"); }
    // Shuts it and waits until all was taken and acknowledged. False: not in time.
    bool drain(Timeout timeout = forever) {
        const int result = yard_queue_drain(raw_handle(), timeout.count());
        return !detail::ran_out(result) && detail::checked(result, "drain a queue") == 0;
    }
    size_t purge() {
        return static_cast<size_t>(detail::checked(yard_queue_purge(raw_handle()), "purge a queue"));
    }

    // For epoll and event loops, see yard_queue_fd(). It belongs to the queue.
    int fd() const { return detail::checked(yard_queue_fd(raw_handle()), "get a descriptor"); }
    yard_queue* raw_handle() const { return handle_.get(); }

  private:
    detail::Handle<yard_queue, yard_queue_close> handle_;
};

}  // namespace v1
}  // namespace yard
