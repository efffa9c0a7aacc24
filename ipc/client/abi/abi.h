// What the functions of yard.h share: handles, and the border that no exception crosses.
#pragma once

#include <yard.h>

#include <memory>
#include <new>
#include <string>

#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/queue.h"
#include "ipc/channel/semaphore.h"
#include "ipc/client/create.h"
#include "ipc/client/deadline.h"
#include "ipc/client/object.h"
#include "ipc/client/shared_memory.h"

#define YARD_EXPORT __attribute__((visibility("default")))

// Handles of C are what they stand for, without a layer in between.
struct yard_client {
    std::shared_ptr<yard::ipc::Client> client;
};
struct yard_queue {
    std::unique_ptr<yard::ipc::Object<yard::ipc::Queue>> object;
};
struct yard_semaphore {
    std::unique_ptr<yard::ipc::Object<yard::ipc::Semaphore>> object;
};
struct yard_lock {
    std::unique_ptr<yard::ipc::Object<yard::ipc::Lock>> object;
};
struct yard_event {
    std::unique_ptr<yard::ipc::Object<yard::ipc::Event>> object;
};
struct yard_shm {
    std::unique_ptr<yard::ipc::Object<yard::ipc::SharedMemory>> object;
};

namespace yard::ipc::abi {

// Calls what may allocate.
template <typename Work>
auto guarded(Work work) noexcept -> decltype(work()) {
    forget_error();
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
}

template <typename Handle>
int open_object(yard_client* client, const char* name, Kind kind, bool writable, Handle** handle) {
    return guarded([&] {
        using Objects = typename decltype(Handle::object)::element_type;
        if (client == nullptr || name == nullptr || handle == nullptr) return -EINVAL;
        auto object = Objects::open(client->client, name, kind, writable);
        if (!object) return failed_with(object.error());
        *handle = new Handle{std::move(object).value()};
        return 0;
    });
}

}  // namespace yard::ipc::abi
