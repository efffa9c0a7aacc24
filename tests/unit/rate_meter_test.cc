#include "engine/broker/rate_meter.h"

#include <gtest/gtest.h>

namespace yard::engine {
namespace {

using namespace std::chrono_literals;

TEST(RateMeter, MeasuresFromTheLookBefore) {
    RateMeter meter;
    EXPECT_EQ(meter.look(BootTime(10s), {100, 50}).puts, 0);
    const QueueRates rates = meter.look(BootTime(12s), {300, 60});
    EXPECT_EQ(rates.puts, 100);
    EXPECT_EQ(rates.gets, 5);
    EXPECT_EQ(meter.look(BootTime(16s), {300, 60}).puts, 0);
}

TEST(RateMeter, LooksInQuickSuccessionDoNotMakeTheTimeTooShortToMeasure) {
    RateMeter meter;
    meter.look(BootTime(10s), {});
    EXPECT_EQ(meter.look(BootTime(10s + 500ms), {50, 0}).puts, 100);
    meter.look(BootTime(20s), {1000, 0});
    EXPECT_EQ(meter.look(BootTime(20s + 1ms), {1000, 0}).puts, 1000 / 10.001);
    EXPECT_EQ(meter.look(BootTime(21s), {1200, 0}).puts, 200);
    EXPECT_EQ(meter.look(BootTime(22s), {1250, 0}).puts, 50);
}

TEST(RateMeter, NumbersThatFellAreNoRate) {
    RateMeter meter;
    meter.look(BootTime(10s), {100, 100});
    EXPECT_EQ(meter.look(BootTime(11s), {5, 200}).puts, 0);
}

}  // namespace
}  // namespace yard::engine
