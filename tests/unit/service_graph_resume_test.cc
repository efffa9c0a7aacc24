// A new engine on the facts of a dead one.
#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

TEST(ServiceGraphResume, AnUnansweredSpawnIsAskedForAgainUnderTheSameKey) {
    Rig rig({service("api")});
    rig.start("api");
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#1"));
    rig.started("api");
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphResume, ARunningServiceIsLeftAloneAndArmedAgain) {
    Rig rig({service("api"), notifying("db")});
    rig.start_all_and_run();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), ElementsAre("arm api#2"));
    EXPECT_EQ(rig.state("db"), State::running);
}

TEST(ServiceGraphResume, ReadinessIsWatchedAgainUnderTheOldDeadline) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.pass(20s);
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), ElementsAre("watch api"));
    rig.pass(10s);
    EXPECT_EQ(rig.state("api"), State::stopping);
}

TEST(ServiceGraphResume, AStopGoesOnWhereItWas) {
    conf::ServiceConfig by_command = service("commanded");
    by_command.stop.command = {"/bin/stop-it"};
    Rig rig({service("signalled"), by_command, service("killed"), service("unanswered")});
    rig.start_all();
    for (const char* name : {"signalled", "commanded", "killed"}) rig.started(name);
    rig.stop("killed");
    rig.exits("killed", ExitStatus::from_exit_code(0), /*tree_empty=*/false);
    for (const char* name : {"signalled", "commanded", "unanswered"}) rig.stop(name);
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(),
                ElementsAre("disarm signalled", "signal signalled", "disarm commanded",
                            "stop command commanded", "kill killed", "spawn unanswered#1"));
    rig.pass(10s);
    EXPECT_THAT(rig.take_effects(),
                UnorderedElementsAre("kill signalled", "kill commanded", "kill unanswered"));
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(),
                ElementsAre("disarm signalled", "kill signalled", "disarm commanded", "kill commanded",
                            "kill killed", "spawn unanswered#1", "kill unanswered"));
}

TEST(ServiceGraphResume, DeadlinesGoOnAndThoseThatPassedFireAtOnce) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    rig.exits("api", 1);
    ASSERT_EQ(rig.state("api"), State::backoff);
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    EXPECT_EQ(rig.graph().next_deadline(), rig.now().boot + 100ms);
    rig.pass(100ms);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#3"));
}

TEST(ServiceGraphResume, AnExitReportedAgainIsCountedOnce) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", kCrash, /*tree_empty=*/false);
    rig.crash_and_resume();
    rig.exits("api", kCrash, /*tree_empty=*/false);
    rig.tree_empties("api");
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
    rig.on("api",
           [](auto& graph, auto id, auto now) { graph.on_exited(id, 1, kCrash, true, std::nullopt, now); });
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_EQ(rig.facts("api").generation, 2u);
}

TEST(ServiceGraphResume, AnExitReportedAgainDuringTheDelayIsCountedOnce) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", kCrash);
    rig.started("api");
    rig.exits("api", kCrash);
    rig.crash_and_resume();
    rig.exits("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::backoff);
    EXPECT_EQ(rig.facts("api").books.window_count, 2u);
}

TEST(ServiceGraphResume, AnExitReportedAgainMayBringTheNewsThatNothingIsLeft) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", kCrash, /*tree_empty=*/false);
    rig.crash_and_resume();
    rig.exits("api", kCrash, /*tree_empty=*/true);
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
}

// The signal of a stop ends the process, and the keeper must not take that for an exit
// to answer with a restart.
TEST(ServiceGraphResume, ADisarmThatMayBeLostIsRepeatedBeforeTheSignal) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "signal api"));
}

TEST(ServiceGraphResume, AKillReplacesTheSignalThatWasToBeRepeated) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.pass_unseen(10s);
    rig.take_effects();
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "kill api"));
}

TEST(ServiceGraphResume, CountersOutliveTheEngine) {
    Rig rig({service("api")});
    rig.start("api");
    for (int i = 0; i < 5; ++i) {
        rig.crash_and_resume();
        rig.spawn_fails("api");
        rig.pass(1s);
    }
    EXPECT_EQ(rig.state("api"), State::failed);
    rig.crash_and_resume();
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_THAT(rig.reason("api"), HasSubstr("failed 5 times"));
}

TEST(ServiceGraphResume, WhatWaitedGoesOnWaiting) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start("app");
    rig.crash_and_resume();
    EXPECT_EQ(rig.state("app"), State::waiting);
    rig.started("db");
    EXPECT_EQ(rig.state("app"), State::starting);
}

// What waited was never started; a new engine must not start it, with all that it needs, once more.
TEST(ServiceGraphResume, WhatWaitsPullsUpAgainNothingThatFailedOrWasStopped) {
    conf::ServiceConfig migrate = oneshot("migrate"),
                        app = requiring("app", {{"migrate", conf::Condition::completed}});
    migrate.restart.when = conf::RestartPolicy::When::no;
    conf::ServiceConfig web = requiring("web", {{"db"}, {"slow"}});
    web.wants = {{"cache"}};
    conf::ServiceConfig cache = service("cache");
    cache.restart.burst = 1;
    Rig rig({migrate, app, web, service("db"), notifying("slow"), cache});
    rig.start_all();
    for (const char* name : {"migrate", "db", "slow", "cache"}) rig.started(name);
    rig.exits("migrate", 1);
    rig.exits("cache", 1);
    ASSERT_EQ(rig.state("web"), State::waiting);
    rig.stop("db");
    rig.exits("db", kTerminated);
    rig.take_effects();
    rig.crash_and_begin();
    EXPECT_EQ(rig.take_effects(), std::vector<std::string>{"watch slow"});
    EXPECT_EQ(rig.state("migrate"), State::failed);
    EXPECT_EQ(rig.state("cache"), State::failed);
    EXPECT_EQ(rig.state("db"), State::stopped);
    EXPECT_EQ(rig.reason("web"), "requires db, which is to be down: asked to stop");
}

TEST(ServiceGraphResume, ARestartAroundDependentsGoesOn) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.restart("db");
    rig.crash_and_resume();
    rig.exits("app", kTerminated);
    EXPECT_EQ(rig.state("db"), State::stopping);
    rig.crash_and_resume();
    rig.exits("db", kTerminated);
    rig.started("db");
    rig.started("app");
    EXPECT_EQ(rig.state("app"), State::running);
}

TEST(ServiceGraphResume, StopAllCalledAgainEndsWithEverythingDown) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.stop_all();
    rig.crash_and_resume();
    rig.stop_all();
    rig.exits("app", kTerminated);
    rig.exits("db", kTerminated);
    EXPECT_TRUE(rig.graph().all_down());
}

TEST(ServiceGraphResume, AKeeperRestartThatCrossedTheCrashIsEntered) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.crash_and_resume();
    rig.is_replaced("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").generation, 2u);
    EXPECT_EQ(rig.facts("api").restarts, 1u);
}

TEST(ServiceGraphResume, AReplacementReportedAgainAnswersTheSpawnThatWasAskedForAgain) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    const auto report = [&](int32_t pid) {
        rig.on("api", [pid](auto& graph, auto id, auto now) {
            graph.on_exited(id, 1, kCrash, true, Respawned{2, pid}, now);
        });
    };
    report(0);
    rig.crash_and_resume();
    report(4711);
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").pid, 4711);
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
}

}  // namespace
}  // namespace yard::engine
