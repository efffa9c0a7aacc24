// The FIFOs and sockets of services: made at the first start, held by the keeper from then on, taken over by the next
// engine. What lies in the runtime directory from an earlier keeper is used again.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/held_fds.h"
#include "engine/keeper_link.h"
#include "engine/service_paths.h"

namespace yard::engine {

class ServiceFiles {
  public:
    // `link` and `held` must outlive this.
    ServiceFiles(KeeperLink& link, HeldFds& held, ServicePaths paths)
        : link_(link), held_(held), paths_(std::move(paths)) {}

    // As open_output_fifo(), for the log router.
    Result<UniqueFd> output(uint32_t slot, const std::string& service, uid_t owner);
    // The bound sd_notify socket.
    Result<UniqueFd> notify(uint32_t slot, const std::string& service, uid_t owner);
    // What was made for another user before a reload becomes this one's.
    Status give_to(uid_t owner, const std::string& service);
    // A new readiness FIFO in the place of the last start's.
    Status renew_ready(uint32_t slot, const std::string& service, uid_t owner);
    // Nobody will use any of it any more. When this returns, no later engine inherits a descriptor of the slot, whose
    // next owner would take it for its own.
    void remove(uint32_t slot, const std::string& service);
    // What the earlier engine made, if it did.
    UniqueFd inherited(HeldKind kind, uint32_t slot) { return held_.take(kind, slot); }

    const ServicePaths& paths() const { return paths_; }

  private:
    KeeperLink& link_;
    HeldFds& held_;
    const ServicePaths paths_;
};

}  // namespace yard::engine
