#include "engine/slot_map.h"

#include <algorithm>

namespace yard::engine {

SlotMap::SlotMap(const std::vector<std::string>& names, const std::vector<std::string>& cells,
                 const std::unordered_set<uint32_t>& busy) {
    std::unordered_map<std::string, uint32_t> known;
    for (uint32_t slot = 0; slot < cells.size(); ++slot) {
        if (!cells[slot].empty()) known.emplace(cells[slot], slot);
    }
    const auto is_free = [&](uint32_t slot) {
        return (slot >= cells.size() || cells[slot].empty()) && !busy.contains(slot);
    };
    uint32_t next = 0;
    slots_.reserve(names.size());
    for (const std::string& name : names) {
        const auto found = known.find(name);
        if (found == known.end()) {
            while (!is_free(next)) ++next;
        }
        const uint32_t slot = found != known.end() ? found->second : next++;
        services_.emplace(slot, static_cast<ServiceId>(slots_.size()));
        slots_.push_back(slot);
        end_ = std::max(end_, slot + 1);
    }
}

std::optional<ServiceId> SlotMap::service(uint32_t slot) const {
    const auto found = services_.find(slot);
    return found == services_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace yard::engine
