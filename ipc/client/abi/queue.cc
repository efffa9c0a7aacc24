// yard.h: queues.
#include <algorithm>
#include <cstring>

#include "ipc/client/abi/abi.h"
#include "ipc/client/drain.h"

namespace {

using namespace yard::ipc;

PutOptions options_of(const yard_put_options* options) {
    if (options == nullptr) return {};
    return {options->priority, options->delay_ns, options->ttl_ns};
}

std::span<const std::byte> bytes_of(const void* data, size_t size) {
    return {static_cast<const std::byte*>(data), size};
}

Message message_of(const yard_message& message) {
    return {message.id, static_cast<std::byte*>(message.data), message.size, message.priority,
            message.deliveries};
}

void fill(yard_message& to, const Message& from) {
    to = {from.id, from.data, from.size, from.priority, from.deliveries};
}

// Calls `attempt(queue, until)`; then the broker hears of dead letters that this made.
template <typename Attempt>
auto take(yard_queue* handle, Nanoseconds timeout, Attempt attempt) {
    const Nanoseconds until = deadline(timeout);
    return handle->object->use([&](Queue& queue) {
        auto result = attempt(queue, until);
        if (queue.take_settle_wish()) {
            Attachment& attachment = handle->object->attachment();
            attachment.client().settle(attachment.name());
        }
        return result;
    });
}

ssize_t get_leased(Queue& queue, void* buf, size_t cap, Nanoseconds until, uint64_t* lease) {
    Message message;
    if (const int error = queue.lease(&message, cap, until); error != 0) return error;
    if (message.size > 0) std::memcpy(buf, message.data, message.size);
    *lease = message.id;
    return static_cast<ssize_t>(message.size);
}

ssize_t get_many(Queue& queue, std::span<std::byte> room, std::span<size_t> sizes, Nanoseconds until) {
    size_t count = 0;
    while (count < sizes.size()) {
        const ptrdiff_t size = queue.take(room.data(), room.size(), count == 0 ? until : 0);
        if (size < 0) return count == 0 ? size : static_cast<ssize_t>(count);
        sizes[count++] = static_cast<size_t>(size);
        room = room.subspan(static_cast<size_t>(size));
    }
    return static_cast<ssize_t>(count);
}

// In portions, so that no number of messages needs memory of its own.
ssize_t put_many(Queue& queue, std::span<const iovec> messages, Nanoseconds until) {
    constexpr size_t kPortion = 64;
    size_t done = 0;
    while (done < messages.size()) {
        std::span<const std::byte> portion[kPortion];
        const size_t count = std::min(kPortion, messages.size() - done);
        for (size_t i = 0; i < count; ++i)
            portion[i] = bytes_of(messages[done + i].iov_base, messages[done + i].iov_len);
        const int put = queue.put_many({portion, count}, {}, done == 0 ? until : 0);
        if (put < 0) return done == 0 ? put : static_cast<ssize_t>(done);
        done += static_cast<size_t>(put);
        if (static_cast<size_t>(put) < count) break;
    }
    return static_cast<ssize_t>(done);
}

}  // namespace

extern "C" {

YARD_EXPORT int yard_queue_open(yard_client* client, const char* name, yard_queue** queue) {
    return abi::open_object(client, name, Kind::queue, true, queue);
}
YARD_EXPORT void yard_queue_close(yard_queue* queue) {
    delete queue;
}
YARD_EXPORT int yard_queue_fd(yard_queue* queue) {
    return queue->object->wait_fd();
}

YARD_EXPORT int yard_queue_put(yard_queue* queue, const void* data, size_t size, int64_t timeout_ns) {
    return yard_queue_put_opts(queue, data, size, nullptr, timeout_ns);
}
YARD_EXPORT int yard_queue_put_opts(yard_queue* handle, const void* data, size_t size,
                                    const yard_put_options* options, int64_t timeout_ns) {
    Queue* const queue = handle->object->core();
    if (queue == nullptr) return -errno;
    return queue->put(bytes_of(data, size), options_of(options), deadline(timeout_ns));
}
YARD_EXPORT ssize_t yard_queue_put_many(yard_queue* handle, const iovec* messages, size_t count,
                                        int64_t timeout_ns) {
    Queue* const queue = handle->object->core();
    if (queue == nullptr) return -errno;
    return put_many(*queue, {messages, count}, deadline(timeout_ns));
}

YARD_EXPORT int yard_queue_loan(yard_queue* handle, size_t size, const yard_put_options* options,
                                int64_t timeout_ns, yard_message* message) {
    Queue* const queue = handle->object->core();
    if (queue == nullptr) return -errno;
    Message loan;
    const int error = queue->loan(size, options_of(options), deadline(timeout_ns), &loan);
    if (error == 0) fill(*message, loan);
    return error;
}
YARD_EXPORT int yard_queue_commit(yard_queue* handle, const yard_message* message, size_t size,
                                  const yard_put_options* options) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : queue->commit(message_of(*message), size, options_of(options));
}
YARD_EXPORT int yard_queue_cancel(yard_queue* handle, const yard_message* message) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : queue->cancel(message_of(*message));
}

YARD_EXPORT ssize_t yard_queue_get(yard_queue* handle, void* buf, size_t cap, int64_t timeout_ns,
                                   uint64_t* lease) {
    return take(handle, timeout_ns, [&](Queue& queue, Nanoseconds until) -> ssize_t {
        return lease == nullptr ? queue.take(buf, cap, until) : get_leased(queue, buf, cap, until, lease);
    });
}
YARD_EXPORT ssize_t yard_queue_get_many(yard_queue* handle, void* buf, size_t cap, size_t* sizes, size_t max,
                                        int64_t timeout_ns) {
    return take(handle, timeout_ns, [&](Queue& queue, Nanoseconds until) {
        return get_many(queue, {static_cast<std::byte*>(buf), cap}, {sizes, max}, until);
    });
}
YARD_EXPORT int yard_queue_lease(yard_queue* handle, int64_t timeout_ns, int64_t limit_ns,
                                 yard_message* message) {
    return take(handle, timeout_ns, [&](Queue& queue, Nanoseconds until) {
        Message lease;
        const int error = queue.lease(&lease, SIZE_MAX, until, limit_ns);
        if (error == 0) fill(*message, lease);
        return error;
    });
}
YARD_EXPORT int yard_queue_ack(yard_queue* handle, uint64_t lease) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : queue->ack(lease);
}
YARD_EXPORT int yard_queue_nack(yard_queue* handle, uint64_t lease, int64_t delay_ns) {
    return take(handle, 0, [&](Queue& queue, Nanoseconds) { return queue.nack(lease, delay_ns); });
}

YARD_EXPORT ssize_t yard_queue_peek(yard_queue* handle, void* buf, size_t cap) {
    return take(handle, 0, [&](Queue& queue, Nanoseconds) -> ssize_t { return queue.peek(buf, cap); });
}
YARD_EXPORT ssize_t yard_queue_size(yard_queue* handle) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : static_cast<ssize_t>(queue->traffic().queued);
}
YARD_EXPORT ssize_t yard_queue_capacity(yard_queue* handle) {
    return handle->object->segment().spec().capacity;
}
YARD_EXPORT int yard_queue_shut(yard_queue* handle) {
    Queue* const queue = handle->object->core();
    if (queue == nullptr) return -errno;
    queue->close();
    return 0;
}
YARD_EXPORT int yard_queue_drain(yard_queue* handle, int64_t timeout_ns) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : drain(*queue, handle->object->segment(), deadline(timeout_ns));
}
YARD_EXPORT ssize_t yard_queue_purge(yard_queue* handle) {
    Queue* const queue = handle->object->core();
    return queue == nullptr ? -errno : static_cast<ssize_t>(queue->purge());
}
}
