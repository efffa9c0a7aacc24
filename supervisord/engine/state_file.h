// What survives the engine: a mapped file in the runtime directory, one cell a service at a place that follows from
// its slot (engine/slot_map.h). An engine may be killed between any two instructions of a store: each cell has two copies and a sequence
// number, and flipping the number (one aligned word) is what makes the new copy count.
//
// The pages belong to the kernel as soon as they are written to; no msync is needed against the death of a process.
// Threads: the facts belong to the loop's thread, each log cell to the log thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/control/request_ledger.h"
#include "engine/event_ring.h"
#include "engine/log_router.h"
#include "engine/service_facts.h"

namespace yard::engine {

class StateFile {
  public:
    // Opens or makes the file for `slots` services. State of another keeper or another layout is discarded; see
    // take_earlier().
    static Result<StateFile> open(const std::string& path, uint64_t keeper_instance, uint32_t slots);
    StateFile(StateFile&& other) noexcept;
    StateFile& operator=(StateFile&&) = delete;
    ~StateFile();

    // Of the keeper before, which this boot saw, if open() discarded its state: what had a process. Once.
    std::vector<ServiceFacts> take_earlier() { return std::exchange(earlier_, {}); }

    // Were the services started that start by themselves? An engine that finds yes only takes over.
    bool begun() const;
    void mark_begun();

    // REQUIRES: slot < slots.
    ServiceFacts load(uint32_t slot) const;
    // Nothing was ever stored at this slot or above it.
    uint32_t slots_end() const;
    void store(uint32_t slot, const ServiceFacts& facts);
    LogPositionCell* log_position(uint32_t slot);

    // The requests that were applied, so that none is applied twice over the engine's death.
    control::RequestRing& requests();

    // The last events. open() has entered what an engine had stored in its facts and was killed before it told.
    EventRing& events();

  private:
    struct Layout;
    StateFile(Layout* layout, size_t bytes) : layout_(layout), bytes_(bytes) {}
    void enter_missing_events();

    Layout* layout_;
    size_t bytes_;
    std::vector<ServiceFacts> earlier_;
};

}  // namespace yard::engine
