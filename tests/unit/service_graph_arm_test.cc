// Restarts that the keeper makes by itself, and that the books are the same as if the graph had asked.
#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

TEST(ServiceGraphArm, WhatWouldBeRestartedAtOnceIsArmed) {
    Rig rig({service("api")});
    rig.start("api");
    rig.started("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#1", "arm api#2"));
    EXPECT_EQ(rig.terms("api"), (ArmTerms{.on_failure = true}));
    EXPECT_TRUE(rig.facts("api").armed);
}

TEST(ServiceGraphArm, AfterAFailureOnlyHealthEarnsARestartAtOnce) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2", "arm api#3"));
    EXPECT_EQ(rig.terms("api").min_uptime, 10s);
}

TEST(ServiceGraphArm, ServicesWithAReadinessCheckAreNotArmed) {
    Rig rig({notifying("api"), oneshot("job")});
    rig.start_all();
    rig.comes_up("api");
    rig.comes_up("job");
    EXPECT_FALSE(rig.facts("api").armed);
    EXPECT_FALSE(rig.facts("job").armed);
}

TEST(ServiceGraphArm, AMissingDependencyDisarms) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.exits("db", kCrash);
    EXPECT_THAT(rig.take_effects(), UnorderedElementsAre("spawn db#2", "disarm app"));
    rig.started("db");
    EXPECT_THAT(rig.take_effects(), UnorderedElementsAre("arm db#3", "arm app#2"));
}

// The keeper starts again what it started last.
TEST(ServiceGraphArm, WhatIsRenicedIsRestartedByTheGraphBeforeItIsArmedAgain) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.take_effects();
    rig.on("api", [](auto& graph, auto id, auto now) { graph.set_nice(id, -5, now); });
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api"));
    rig.pass(1h);
    rig.exits("api", 1);
    rig.started("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2", "arm api#3"));
}

// The same story twice, once restarted by the graph and once by the keeper.
TEST(ServiceGraphArm, TheBooksAreTheSameAsOnTheSlowPath) {
    Rig slow({service("api")}), fast({service("api")});
    for (Rig* rig : {&slow, &fast}) rig->start_and_run("api");
    const auto live_and_crash = [&](Duration lived) {
        for (Rig* rig : {&slow, &fast}) rig->pass(lived);
        slow.exits("api", 7);
        slow.started("api");
        fast.is_replaced("api", ExitStatus::from_exit_code(7));
        const ServiceFacts &a = slow.facts("api"), &b = fast.facts("api");
        EXPECT_EQ(a.actual, b.actual);
        EXPECT_EQ(a.generation, b.generation);
        EXPECT_EQ(a.exited_generation, b.exited_generation);
        EXPECT_EQ(a.restarts, b.restarts);
        EXPECT_EQ(a.books, b.books);
        EXPECT_EQ(a.exit, b.exit);
        EXPECT_EQ(a.started_ns, b.started_ns);
        EXPECT_EQ(a.since_ns, b.since_ns);
        EXPECT_EQ(a.armed, b.armed);
        EXPECT_EQ(a.reason.view(), b.reason.view());
        EXPECT_EQ(slow.take_announcements(), fast.take_announcements());
        EXPECT_THAT(slow.take_effects(), Contains("arm api#" + std::to_string(a.generation + 1)));
        EXPECT_THAT(fast.take_effects(), ElementsAre("arm api#" + std::to_string(b.generation + 1)));
    };
    live_and_crash(3ms);
    live_and_crash(10s);
    live_and_crash(1h);
}

TEST(ServiceGraphArm, TheReplacementsPidIsTheServices) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    const int32_t before = rig.facts("api").pid;
    rig.is_replaced("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").pid, before + 1000);
}

// The keeper measured 10 s; the graph heard of the start a little later.
TEST(ServiceGraphArm, TheKeepersMeasureOfHealthCounts) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.is_replaced("api", kCrash);
    rig.pass(9999ms);
    rig.is_replaced("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").books.consecutive_failures, 1u);
}

TEST(ServiceGraphArm, AReplacementThatIsStillInExecIsAnsweredLater) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.on("api", [](auto& graph, auto id, auto now) {
        graph.on_exited(id, 1, kCrash, true, Respawned{2, 0}, now);
    });
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    rig.spawn_fails("api");
    EXPECT_EQ(rig.state("api"), State::backoff);
    EXPECT_EQ(rig.facts("api").books.window_count, 2u);
}

TEST(ServiceGraphArm, AReplacementThatCrossedAStopIsStopped) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.take_effects();
    rig.is_replaced("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::stopping);
    EXPECT_EQ(rig.facts("api").generation, 2u);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal api"));
    rig.exits("api", kTerminated);
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.facts("api").restarts, 0u);
}

TEST(ServiceGraphArm, AReplacementOfWhatWaitsToBeStoppedIsStoppedToo) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.stop("db");
    ASSERT_EQ(rig.state("db"), State::running) << "its dependent goes first";
    rig.take_effects();
    rig.is_replaced("db", kCrash);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal db"));
    rig.exits("db", kTerminated);
    EXPECT_EQ(rig.state("db"), State::stopped);
}

}  // namespace
}  // namespace yard::engine
