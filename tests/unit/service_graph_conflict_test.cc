#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

std::vector<conf::ServiceConfig> rivals() {
    conf::ServiceConfig nginx = service("nginx");
    nginx.conflicts = {"apache"};
    return {service("apache"), nginx, requiring("site", {{"apache"}})};
}

TEST(ServiceGraphConflict, StartingOneStopsTheOtherAndWaitsForItsEnd) {
    Rig rig(rivals());
    rig.start_and_run("apache");
    rig.start("nginx");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm apache", "signal apache"));
    EXPECT_EQ(rig.state("nginx"), State::waiting);
    EXPECT_EQ(rig.reason("nginx"), "waiting for apache to be down: they conflict");
    rig.exits("apache", kTerminated);
    EXPECT_EQ(rig.state("apache"), State::stopped);
    EXPECT_EQ(rig.reason("apache"), "conflicts with nginx, which was started");
    EXPECT_EQ(rig.facts("apache").hold, Hold::none);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn nginx#1"));
}

TEST(ServiceGraphConflict, ItHoldsInTheOtherDirectionToo) {
    Rig rig(rivals());
    rig.start_and_run("nginx");
    rig.start("apache");
    EXPECT_EQ(rig.state("nginx"), State::stopping);
    rig.exits("nginx", kTerminated);
    EXPECT_EQ(rig.state("apache"), State::starting);
}

TEST(ServiceGraphConflict, WhatRequiresTheLoserGoesFirst) {
    Rig rig(rivals());
    rig.start("site");
    rig.comes_up("apache");
    rig.comes_up("site");
    rig.start("nginx");
    EXPECT_EQ(rig.state("site"), State::stopping);
    EXPECT_EQ(rig.state("apache"), State::running);
    rig.exits("site", kTerminated);
    EXPECT_EQ(rig.state("apache"), State::stopping);
    rig.exits("apache", kTerminated);
    EXPECT_EQ(rig.state("nginx"), State::starting);
    EXPECT_EQ(rig.reason("site"),
              "requires apache, which is to be down: conflicts with nginx, which was started");
}

TEST(ServiceGraphConflict, StartAllTakesTheFirstOfTwo) {
    Rig rig(rivals());
    rig.start_all_and_run();
    EXPECT_EQ(rig.state("apache"), State::running);
    EXPECT_EQ(rig.state("nginx"), State::stopped);
    EXPECT_EQ(rig.reason("nginx"), "conflicts with apache, which was started first");
}

}  // namespace
}  // namespace yard::engine
