#include "engine/held_fds.h"

#include <fcntl.h>

namespace yard::engine {

HeldFds::HeldFds(const Inventory& inventory) {
    for (const auto& [name, fd] : inventory.held) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fds_[name] = UniqueFd(fd);
    }
}

std::vector<uint32_t> HeldFds::numbers(HeldKind kind) const {
    std::vector<uint32_t> numbers;
    for (auto at = fds_.lower_bound(held_name(kind)); at != fds_.end() && at->first >> 32 == uint64_t(kind);
         ++at)
        numbers.push_back(static_cast<uint32_t>(at->first));
    return numbers;
}

UniqueFd HeldFds::take(HeldKind kind, uint32_t slot) {
    const auto found = fds_.find(held_name(kind, slot));
    if (found == fds_.end()) return UniqueFd();
    UniqueFd fd = std::move(found->second);
    fds_.erase(found);
    return fd;
}

}  // namespace yard::engine
