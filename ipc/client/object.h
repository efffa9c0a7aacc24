// An object that this process uses: its memory, and this process's own side of it. A forked child keeps the memory and
// gets a side of its own, with another owner slot, at its first use: claims of the parent stay the parent's.
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "ipc/channel/segment.h"
#include "ipc/client/client.h"
#include "ipc/client/client_bell.h"
#include "ipc/client/descriptor_identity.h"
#include "ipc/client/last_error.h"
#include "ipc/client/process_generation.h"
#include "ipc/client/wait_fd.h"

namespace yard::ipc {

// What all kinds share. Thread safe.
class Attachment {
  public:
    // Fails with ENOENT, EACCES ... as Client::open, and with EPROTO when the object is of another kind.
    static Result<std::unique_ptr<Attachment>> open(std::shared_ptr<Client> client, const std::string& name,
                                                    Kind kind, bool writable);

    const Segment& segment() const { return segment_; }
    Client& client() const { return *client_; }
    const std::string& name() const { return name_; }

    // What the broker gave to one process.
    struct Side {
        uint32_t generation;
        std::string id;  // empty: it came with the service's start
        OwnerId owner;
        ClientBell bell;
        WaitFd wait_fd{};
    };
    // Of this process. Called by the one who opened it, and once in each child that uses it; fails with EPIPE when the
    // object was removed. What it gives must be left before the attachment ends.
    Result<std::unique_ptr<Side>> join();
    void leave(const Side& side);

  private:
    Attachment(std::shared_ptr<Client> client, std::string name, Kind kind, bool writable, Opened opened,
               Segment segment)
        : client_(std::move(client)),
          name_(std::move(name)),
          kind_(kind),
          writable_(writable),
          memory_(DescriptorIdentity::of(opened.memory.get())),
          first_(std::move(opened)),
          segment_(std::move(segment)) {}
    Result<Opened> open_again();
    std::unique_ptr<Side> side_of(Opened opened);

    const std::shared_ptr<Client> client_;
    const std::string name_;
    const Kind kind_;
    const bool writable_;
    const DescriptorIdentity memory_;  // of this very object, whatever its name stands for by now
    Opened first_;                     // until it is joined
    const Segment segment_;
};

// Core is Queue, Semaphore, Lock, Event: what works on the memory in the name of one owner slot.
template <typename Core>
class Object {
  public:
    static Result<std::unique_ptr<Object>> open(std::shared_ptr<Client> client, const std::string& name,
                                                Kind kind, bool writable = true) {
        auto attachment = Attachment::open(std::move(client), name, kind, writable);
        if (!attachment) return fail(std::move(attachment).error());
        std::unique_ptr<Object> object(new Object(std::move(attachment).value()));
        auto side = object->attachment_->join();
        if (!side) return fail(std::move(side).error());
        object->mine_.store(new Mine(object->segment(), std::move(side).value(), nullptr));
        return object;
    }
    // REQUIRES: no thread is inside a call.
    ~Object() {
        const std::unique_ptr<Mine> last(mine_.load());
        if (last && last->side->generation == process_generation()) attachment_->leave(*last->side);
    }
    Object(const Object&) = delete;

    // nullptr, with errno and last_error(), when this is a child that could not attach.
    Core* core() {
        Mine* const mine = current();
        return mine == nullptr ? nullptr : &mine->core;
    }
    const Segment& segment() const { return attachment_->segment(); }
    Attachment& attachment() const { return *attachment_; }

    // `attempt(core)`, or -errno when there is no core. What would have to wait (-EAGAIN) makes the descriptor of
    // wait_fd() fit for waiting first.
    template <typename Attempt>
    auto use(Attempt attempt) -> decltype(attempt(std::declval<Core&>())) {
        Mine* const mine = current();
        if (mine == nullptr) return -errno;
        auto result = attempt(mine->core);
        if (result != -EAGAIN || !mine->side->wait_fd.is_open()) return result;
        mine->side->wait_fd.clear();
        mine->core.want_bell();
        if constexpr (requires { mine->core.next_due(); }) mine->side->wait_fd.set_due(mine->core.next_due());
        return attempt(mine->core);
    }

    // The descriptor of this process, readable at first; -errno.
    int wait_fd() {
        Mine* const mine = current();
        if (mine == nullptr) return -errno;
        const bool fresh = !mine->side->wait_fd.is_open();
        const int fd = mine->side->wait_fd.open(mine->side->bell.fd());
        if (fresh && fd >= 0) mine->side->bell.ring_for_newcomer();
        return fd;
    }

  private:
    struct Mine {
        Mine(const Segment& segment, std::unique_ptr<Attachment::Side> own, Mine* parents)
            : side(std::move(own)), core(segment, side->owner, &side->bell), older(parents) {}
        const std::unique_ptr<Attachment::Side> side;
        Core core;
        std::unique_ptr<Mine> older;  // the parent's: another thread may still look at its generation
    };

    explicit Object(std::unique_ptr<Attachment> attachment) : attachment_(std::move(attachment)) {}

    // Each call begins here: what the last one had to say is forgotten.
    Mine* current() {
        forget_error();
        Mine* const seen = mine_.load(std::memory_order_acquire);
        return seen->side->generation == process_generation() ? seen : join_as_child(seen);
    }

    Mine* join_as_child(Mine* parents) {
        auto side = attachment_->join();
        if (!side) {
            errno = -failed_with(side.error());
            return nullptr;
        }
        auto* const made = new Mine(segment(), std::move(side).value(), parents);
        Mine* seen = parents;
        if (mine_.compare_exchange_strong(seen, made)) return made;
        // Another thread of the child was first; both have the same owner slot, opened twice.
        attachment_->leave(*made->side);
        static_cast<void>(made->older.release());
        delete made;
        return seen;
    }

    const std::unique_ptr<Attachment> attachment_;
    std::atomic<Mine*> mine_{nullptr};
};

}  // namespace yard::ipc
