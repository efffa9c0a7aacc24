// The bell of an object, as one of its users has it: see ipc/channel/bell_pipe.h, and wait_fd.h for who is rung.
#pragma once

#include <functional>
#include <mutex>

#include "base/unique_fd.h"
#include "ipc/channel/bell.h"
#include "ipc/client/descriptor_identity.h"

namespace yard::ipc {

// Thread safe.
class ClientBell final : public Bell {
  public:
    // `anew` asks the broker for the pipe again: for a program that closed all its descriptors.
    ClientBell(UniqueFd pipe, std::function<UniqueFd()> anew)
        : pipe_(std::move(pipe)), identity_(DescriptorIdentity::of(pipe_.get())), anew_(std::move(anew)) {}
    ~ClientBell() override;

    void ring() override;
    // For who begins to wait by it: rings unless it is readable to the new one anyway. The others are left in peace.
    void ring_for_newcomer();
    int fd() const { return pipe_.get(); }  // borrowed

  private:
    bool is_ours() const { return DescriptorIdentity::of(pipe_.get()) == identity_; }

    std::mutex mutex_;
    UniqueFd pipe_;
    DescriptorIdentity identity_;
    std::function<UniqueFd()> anew_;
};

}  // namespace yard::ipc
