// The bell of an object: an eventfd that all its users share. It is written to and never read: each who waits has an
// edge-triggered epoll of its own on it (wait_fd.h), so that none can take another's wake-up along.
#pragma once

#include <functional>
#include <mutex>

#include "base/unique_fd.h"
#include "ipc/channel/bell.h"
#include "ipc/client/descriptor_identity.h"

namespace yard::ipc {

// Thread safe.
class EventBell final : public Bell {
  public:
    // `anew` asks the broker for the eventfd again: for a program that closed all its descriptors.
    EventBell(UniqueFd eventfd, std::function<UniqueFd()> anew)
        : eventfd_(std::move(eventfd)),
          identity_(DescriptorIdentity::of(eventfd_.get())),
          anew_(std::move(anew)) {}
    ~EventBell() override;

    void ring() override;
    int fd() const { return eventfd_.get(); }  // borrowed

  private:
    bool is_ours() const { return DescriptorIdentity::of(eventfd_.get()) == identity_; }

    std::mutex mutex_;
    UniqueFd eventfd_;
    DescriptorIdentity identity_;
    std::function<UniqueFd()> anew_;
};

}  // namespace yard::ipc
