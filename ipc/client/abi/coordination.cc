// yard.h: semaphores, locks, events.
#include "ipc/client/abi/abi.h"

using namespace yard::ipc;

extern "C" {

YARD_EXPORT int yard_semaphore_open(yard_client* client, const char* name, yard_semaphore** semaphore) {
    return abi::open_object(client, name, Kind::semaphore, true, semaphore);
}
YARD_EXPORT void yard_semaphore_close(yard_semaphore* semaphore) {
    delete semaphore;
}
YARD_EXPORT int yard_semaphore_fd(yard_semaphore* semaphore) {
    return semaphore->object->wait_fd();
}
YARD_EXPORT int yard_semaphore_acquire(yard_semaphore* handle, int64_t timeout_ns) {
    return yard_semaphore_acquire_as(handle, YARD_PERMIT_DEFAULT, timeout_ns);
}
YARD_EXPORT int yard_semaphore_acquire_as(yard_semaphore* handle, int use, int64_t timeout_ns) {
    if (use < YARD_PERMIT_DEFAULT || use > YARD_PERMIT_TOKEN) return -EINVAL;
    const Nanoseconds until = deadline(timeout_ns);
    return handle->object->use([&](Semaphore& semaphore) {
        if (use == YARD_PERMIT_DEFAULT) return semaphore.acquire(until);
        return semaphore.acquire(use == YARD_PERMIT_TOKEN ? PermitUse::token : PermitUse::resource, until);
    });
}
YARD_EXPORT int yard_semaphore_release(yard_semaphore* handle) {
    Semaphore* const semaphore = handle->object->core();
    return semaphore == nullptr ? -errno : semaphore->release();
}
YARD_EXPORT int yard_semaphore_value(yard_semaphore* handle) {
    Semaphore* const semaphore = handle->object->core();
    return semaphore == nullptr ? -errno : static_cast<int>(semaphore->value());
}

YARD_EXPORT int yard_lock_open(yard_client* client, const char* name, yard_lock** lock) {
    return abi::open_object(client, name, Kind::lock, true, lock);
}
YARD_EXPORT void yard_lock_close(yard_lock* lock) {
    delete lock;
}
YARD_EXPORT int yard_lock_fd(yard_lock* lock) {
    return lock->object->wait_fd();
}
YARD_EXPORT int yard_lock_acquire(yard_lock* handle, int64_t timeout_ns) {
    const Nanoseconds until = deadline(timeout_ns);
    return handle->object->use([&](Lock& lock) { return lock.acquire(until); });
}
YARD_EXPORT int yard_lock_release(yard_lock* handle) {
    Lock* const lock = handle->object->core();
    return lock == nullptr ? -errno : lock->release();
}
YARD_EXPORT int yard_lock_last_owner(yard_lock* handle, yard_death* death) {
    const LastDeath& last = handle->object->segment().header().last_death;
    const uint32_t pid = last.pid.load();
    if (pid == 0) return 0;
    *death = {static_cast<pid_t>(pid), last.wait_status.load(), last.time_ns.load()};
    return 1;
}

YARD_EXPORT int yard_event_open(yard_client* client, const char* name, yard_event** event) {
    return abi::open_object(client, name, Kind::event, true, event);
}
YARD_EXPORT void yard_event_close(yard_event* event) {
    delete event;
}
YARD_EXPORT int yard_event_fd(yard_event* event) {
    return event->object->wait_fd();
}
YARD_EXPORT int yard_event_set(yard_event* handle) {
    Event* const event = handle->object->core();
    if (event == nullptr) return -errno;
    event->set();
    return 0;
}
YARD_EXPORT int yard_event_clear(yard_event* handle) {
    Event* const event = handle->object->core();
    if (event == nullptr) return -errno;
    event->clear();
    return 0;
}
YARD_EXPORT int yard_event_wait(yard_event* handle, int64_t timeout_ns) {
    const Nanoseconds until = deadline(timeout_ns);
    return handle->object->use([&](Event& event) { return event.wait(until); });
}
YARD_EXPORT int yard_event_is_set(yard_event* handle) {
    Event* const event = handle->object->core();
    return event == nullptr ? -errno : event->is_set();
}
}
