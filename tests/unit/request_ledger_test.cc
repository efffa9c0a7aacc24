#include "engine/control/request_ledger.h"

#include <gtest/gtest.h>

#include <string>

namespace yard::engine::control {
namespace {

TEST(RequestLedger, AnIdIsNewOnce) {
    RequestRing ring{};
    RingLedger ledger(ring);
    EXPECT_FALSE(ledger.seen_or_add("a"));
    EXPECT_TRUE(ledger.seen_or_add("a"));
    EXPECT_FALSE(ledger.seen_or_add("b"));
    EXPECT_TRUE(ledger.seen_or_add("a"));
}

TEST(RequestLedger, TheNextEngineKnowsThem) {
    RequestRing ring{};
    EXPECT_FALSE(RingLedger(ring).seen_or_add("a"));
    EXPECT_TRUE(RingLedger(ring).seen_or_add("a"));
}

TEST(RequestLedger, TheOldestIsForgottenFirst) {
    RequestRing ring{};
    RingLedger ledger(ring);
    for (size_t i = 0; i < RequestRing::kRemembered; ++i) EXPECT_FALSE(ledger.seen_or_add(std::to_string(i)));
    EXPECT_TRUE(ledger.seen_or_add("0"));
    EXPECT_FALSE(ledger.seen_or_add("one more"));
    EXPECT_TRUE(ledger.seen_or_add("1"));
    EXPECT_FALSE(ledger.seen_or_add("0"));
}

TEST(RequestLedger, AnIdOfZeroWordsIsNotThereFromTheStart) {
    // An empty slot must not look like an id: only `added` says how many there are.
    RequestRing ring{};
    RingLedger ledger(ring);
    EXPECT_FALSE(ledger.seen_or_add(""));
    EXPECT_TRUE(ledger.seen_or_add(""));
}

}  // namespace
}  // namespace yard::engine::control
