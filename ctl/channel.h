// What the commands on channel objects share: opening one by its name, and saying what went wrong with it.
#pragma once

#include <yard.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "ctl/commands.h"

namespace yard::ctl {

struct CloseChannel {
    void operator()(yard_client* client) const { yard_disconnect(client); }
    void operator()(yard_queue* queue) const { yard_queue_close(queue); }
    void operator()(yard_semaphore* semaphore) const { yard_semaphore_close(semaphore); }
    void operator()(yard_lock* lock) const { yard_lock_close(lock); }
    void operator()(yard_event* event) const { yard_event_close(event); }
    void operator()(yard_shm* shm) const { yard_shm_close(shm); }
};
template <typename T>
using Channel = std::unique_ptr<T, CloseChannel>;

Result<Channel<yard_client>, Trouble> connect_channels(Context& context);

// `result` is what a function of yard.h gave for the object that the command names: < 0.
Trouble channel_trouble(const Context& context, ssize_t result);

// Opens the object that the command names by `open(client, name, T**)`, a function of yard.h.
template <typename T, typename Open>
Result<Channel<T>, Trouble> open_channel(Context& context, Open open) {
    Result<Channel<yard_client>, Trouble> client = connect_channels(context);
    if (!client) return trouble(std::move(client).error());
    T* opened = nullptr;
    const int result = open(client->get(), context.args.name.c_str(), &opened);
    if (result < 0) return trouble(channel_trouble(context, result));
    return Channel<T>(opened);
}

// The time that a command may take, over all that it waits for.
class Patience {
  public:
    // Nothing: for ever.
    explicit Patience(std::optional<Milliseconds> timeout);
    // As yard.h takes it.
    int64_t left_ns() const;

  private:
    std::optional<BootTime> deadline_;
};

inline int64_t nanoseconds(std::optional<Milliseconds> time) {
    return time ? std::chrono::nanoseconds(std::min<Milliseconds>(*time, std::chrono::hours(24 * 365 * 100)))
                      .count()
                : 0;
}

}  // namespace yard::ctl
