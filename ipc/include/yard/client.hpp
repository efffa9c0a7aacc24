// The beginning: a connection to the daemon, which gives the objects by their names.
//
//   yard::Client client;
//   yard::Queue jobs = client.open_queue("app/jobs");
//   jobs.put("hello");
#pragma once

#include <yard.h>

#include <string>
#include <yard/error.hpp>
#include <yard/event.hpp>
#include <yard/lock.hpp>
#include <yard/queue.hpp>
#include <yard/semaphore.hpp>
#include <yard/shm.hpp>

namespace yard {
inline namespace v1 {

// What create_* are asked for besides the object's own options.
struct CreateOptions {
    bool exist_ok = false;   // one of this kind and name that is there already will do
    bool ephemeral = false;  // it goes with its last user
    unsigned mode = 0;       // permission bits; 0: 0600

    unsigned flags() const {
        unsigned sum = 0;
        if (exist_ok) sum |= YARD_EXIST_OK;
        if (ephemeral) sum |= YARD_EPHEMERAL;
        return sum;
    }
};

// Move only. Any thread may call any function at any time; all throw Error. Objects outlive it.
class Client {
  public:
    // The daemon's socket; empty: $YARD_SOCKET, else the usual places.
    explicit Client(const std::string& socket_path = {})
        : handle_(yard_connect(socket_path.empty() ? nullptr : socket_path.c_str())) {
        if (handle_.get() == nullptr) throw Error(errno, "connect to the daemon");
    }

    Queue open_queue(const std::string& name) { return Queue(open(yard_queue_open, name)); }
    Semaphore open_semaphore(const std::string& name) { return Semaphore(open(yard_semaphore_open, name)); }
    Lock open_lock(const std::string& name) { return Lock(open(yard_lock_open, name)); }
    Event open_event(const std::string& name) { return Event(open(yard_event_open, name)); }
    Shm open_shm(const std::string& name) { return Shm(open_memory(name, 1), true); }
    // Only to be looked at: writing to it is a SIGSEGV.
    Shm open_shm_read_only(const std::string& name) { return Shm(open_memory(name, 0), false); }

    // True: made; false: it was there (exist_ok).
    bool create_queue(const std::string& name, const yard_queue_options& options = {},
                      CreateOptions how = {}) {
        return made(yard_queue_create(raw_handle(), name.c_str(), &options, how.flags(), how.mode), name);
    }
    // `max` 0: no bound.
    bool create_semaphore(const std::string& name, uint32_t value, uint32_t max = 0,
                          PermitUse use = PermitUse::by_default, CreateOptions how = {}) {
        return made(yard_semaphore_create(raw_handle(), name.c_str(), value, max, static_cast<int>(use),
                                          how.flags(), how.mode),
                    name);
    }
    // `fifo`: it goes to those who want it in the order in which they came.
    bool create_lock(const std::string& name, bool fifo = false, CreateOptions how = {}) {
        return made(yard_lock_create(raw_handle(), name.c_str(), fifo, how.flags(), how.mode), name);
    }
    bool create_event(const std::string& name, bool set = false, CreateOptions how = {}) {
        return made(yard_event_create(raw_handle(), name.c_str(), set, how.flags(), how.mode), name);
    }
    bool create_shm(const std::string& name, size_t size_bytes, CreateOptions how = {}) {
        return made(yard_shm_create(raw_handle(), name.c_str(), size_bytes, how.flags(), how.mode), name);
    }
    bool create_pipe(const std::string& name, CreateOptions how = {}) {
        return made(yard_pipe_create(raw_handle(), name.c_str(), how.flags(), how.mode), name);
    }
    // The name is free at once; who waits gets an Error EPIPE.
    void remove(const std::string& name) {
        detail::checked(yard_object_remove(raw_handle(), name.c_str()), ("remove " + name).c_str());
    }
    // The path of a pipe's FIFO.
    std::string pipe_path(const std::string& name) {
        char path[4096];
        const ssize_t size = yard_pipe_path(raw_handle(), name.c_str(), path, sizeof path);
        return {path, static_cast<size_t>(detail::checked(size, ("open " + name).c_str()))};
    }

    yard_client* raw_handle() const { return handle_.get(); }

  private:
    template <typename T>
    T* open(int (*function)(yard_client*, const char*, T**), const std::string& name) {
        T* opened = nullptr;
        detail::checked(function(raw_handle(), name.c_str(), &opened), ("open " + name).c_str());
        return opened;
    }
    yard_shm* open_memory(const std::string& name, int writable) {
        yard_shm* opened = nullptr;
        detail::checked(yard_shm_open(raw_handle(), name.c_str(), writable, &opened),
                        ("open " + name).c_str());
        return opened;
    }
    static bool made(int result, const std::string& name) {
        return detail::checked(result, ("create " + name).c_str()) == 1;
    }

    detail::Handle<yard_client, yard_disconnect> handle_;
};

}  // namespace v1
}  // namespace yard
