// Which of the keeper's slots a service has. The slot also names its cell in the state file and its held
// descriptors, and stays with the service for life, while its id in the graph is of one engine and configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/service_graph.h"

namespace yard::engine {

class SlotMap {
  public:
    SlotMap() = default;
    // A service keeps the slot whose cell has its name; any other gets the lowest that is nobody's.
    // `names`: of the services, by id. `cells`: the names in the state file, by slot; empty: nobody's.
    // `busy`: slots where something runs, though it may be no service.
    SlotMap(const std::vector<std::string>& names, const std::vector<std::string>& cells,
            const std::unordered_set<uint32_t>& busy);

    uint32_t slot(ServiceId id) const { return slots_[id]; }
    // Nothing: it is no service's.
    std::optional<ServiceId> service(uint32_t slot) const;
    // No service has this slot or one above it.
    uint32_t end() const { return end_; }

  private:
    std::vector<uint32_t> slots_;  // by id
    std::unordered_map<uint32_t, ServiceId> services_;
    uint32_t end_ = 0;
};

}  // namespace yard::engine
