// Which mutating requests were applied already, so that one that a client sends again after the engine was
// replaced is not applied twice.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace yard::engine::control {

class RequestLedger {
  public:
    virtual ~RequestLedger() = default;
    // Was `id` there? It is from now on, also for the next engine.
    virtual bool seen_or_add(std::string_view id) = 0;
};

// The memory of a RingLedger: plain, to lie in the state file. All zero is the empty one.
struct RequestRing {
    static constexpr size_t kRemembered = 64;
    struct Id {
        uint64_t words[2];
        bool operator==(const Id&) const = default;
    };
    std::array<Id, kRemembered> ids;
    uint64_t added;  // ids[added % kRemembered] is the next to be overwritten
};
static_assert(std::is_trivially_copyable_v<RequestRing>);

class RingLedger final : public RequestLedger {
  public:
    // `ring` must outlive the ledger.
    explicit RingLedger(RequestRing& ring) : ring_(ring) {}
    bool seen_or_add(std::string_view id) override;

  private:
    RequestRing& ring_;
};

}  // namespace yard::engine::control
