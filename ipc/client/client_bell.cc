#include "ipc/client/client_bell.h"

#include "ipc/channel/bell_pipe.h"

namespace yard::ipc {

ClientBell::~ClientBell() {
    if (!is_ours()) static_cast<void>(pipe_.release());
}

void ClientBell::ring() {
    const std::lock_guard lock(mutex_);
    if (!is_ours()) {
        static_cast<void>(pipe_.release());
        pipe_ = anew_();
        identity_ = DescriptorIdentity::of(pipe_.get());
    }
    // Without a descriptor there is nobody to tell: those who wait hear the next one who can ring.
    if (pipe_) ring_bell_pipe(pipe_.get());
}

void ClientBell::ring_for_newcomer() {
    if (!has_rung(pipe_.get())) ring();
}

}  // namespace yard::ipc
