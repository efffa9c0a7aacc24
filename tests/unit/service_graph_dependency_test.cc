#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

using conf::Condition;

conf::ServiceConfig wanting(std::string name, std::string dependency) {
    conf::ServiceConfig config = service(std::move(name));
    config.wants = {{std::move(dependency)}};
    return config;
}

conf::ServiceConfig never_restarted(conf::ServiceConfig config) {
    config.restart.when = conf::RestartPolicy::When::no;
    return config;
}

TEST(ServiceGraphDependency, AStartBringsUpWhatIsRequiredAndWantedFirst) {
    conf::ServiceConfig app = requiring("app", {{"db"}});
    app.wants = {{"cache"}};
    Rig rig({app, service("db"), service("cache"), service("other")});
    rig.start("app");
    EXPECT_THAT(rig.take_effects(), UnorderedElementsAre("spawn db#1", "spawn cache#1"));
    EXPECT_EQ(rig.state("app"), State::waiting);
    EXPECT_EQ(rig.reason("app"), "waiting for db to be ready");
    rig.started("db");
    EXPECT_EQ(rig.reason("app"), "waiting for cache to be ready");
    rig.take_effects();
    rig.started("cache");
    EXPECT_THAT(rig.take_effects(), Contains("spawn app#1"));
    EXPECT_EQ(rig.state("other"), State::stopped);
}

TEST(ServiceGraphDependency, AConditionStartedHoldsAsSoonAsTheProcessRuns) {
    Rig rig({notifying("db"), requiring("early", {{"db", Condition::started}}), requiring("late", {{"db"}})});
    rig.start_all();
    EXPECT_EQ(rig.state("early"), State::waiting);
    rig.started("db");
    EXPECT_EQ(rig.state("early"), State::starting);
    EXPECT_EQ(rig.state("late"), State::waiting);
    rig.is_ready("db");
    EXPECT_EQ(rig.state("late"), State::starting);
}

TEST(ServiceGraphDependency, AOneshotCountsWhenItHasCompleted) {
    Rig rig({oneshot("migrate"), requiring("app", {{"migrate"}}),
             requiring("strict", {{"migrate", Condition::completed}})});
    rig.start_all();
    rig.started("migrate");
    EXPECT_EQ(rig.reason("app"), "waiting for migrate to complete");
    EXPECT_EQ(rig.state("strict"), State::waiting);
    rig.exits("migrate", 0);
    EXPECT_EQ(rig.state("app"), State::starting);
    EXPECT_EQ(rig.state("strict"), State::starting);
}

TEST(ServiceGraphDependency, ACompletedOneshotIsNotRunAgainForADependent) {
    Rig rig({oneshot("migrate"), requiring("app", {{"migrate"}})});
    rig.start("migrate");
    rig.started("migrate");
    rig.exits("migrate", 0);
    rig.take_effects();
    rig.start("app");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn app#1"));
}

TEST(ServiceGraphDependency, WhatRequiresAServiceThatFailsDoesNotStart) {
    Rig rig({never_restarted(service("db")), requiring("app", {{"db"}}), requiring("web", {{"app"}})});
    rig.start("web");
    rig.spawn_fails("db", {"user", 0, "no user \"postgres\""});
    EXPECT_EQ(rig.state("app"), State::stopped);
    EXPECT_EQ(rig.facts("app").hold, Hold::dependency);
    EXPECT_EQ(rig.facts("app").wanted, Wanted::up);
    EXPECT_EQ(rig.reason("app"), "requires db, which failed: user no user \"postgres\"");
    EXPECT_EQ(rig.reason("web"), "requires app, which requires db, which failed: user no user \"postgres\"");
}

TEST(ServiceGraphDependency, DependentsStopFirstAndComeBackWithWhatTheyRequire) {
    Rig rig({service("db"), requiring("app", {{"db"}}), requiring("web", {{"app"}})});
    rig.start_all_and_run();
    rig.stop("db");
    EXPECT_THAT(rig.take_effects(), Contains("signal web"));
    EXPECT_EQ(rig.state("db"), State::running);
    rig.exits("web", kTerminated);
    rig.exits("app", kTerminated);
    EXPECT_EQ(rig.state("db"), State::stopping);
    rig.exits("db", kTerminated);
    EXPECT_EQ(rig.facts("app").hold, Hold::dependency);
    EXPECT_EQ(rig.reason("app"), "requires db, which is to be down: asked to stop");

    rig.take_effects();
    rig.start("db");
    rig.comes_up("db");
    rig.comes_up("app");
    rig.comes_up("web");
    EXPECT_EQ(rig.state("web"), State::running);
}

TEST(ServiceGraphDependency, DependentsThatAPersonStoppedDoNotComeBack) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.stop("app");
    rig.exits("app", kTerminated);
    rig.stop("db");
    rig.exits("db", kTerminated);
    rig.start_and_run("db");
    EXPECT_EQ(rig.state("app"), State::stopped);
}

TEST(ServiceGraphDependency, AStartOverridesAStopOfWhatItRequires) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.stop("db");
    rig.start("app");
    rig.comes_up("db");
    rig.comes_up("app");
    EXPECT_EQ(rig.state("app"), State::running);
}

TEST(ServiceGraphDependency, AStartDuringTheStopOfDependentsCallsItOff) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.stop("db");
    ASSERT_EQ(rig.state("app"), State::stopping);
    rig.start("db");
    rig.exits("app", kTerminated);
    EXPECT_EQ(rig.facts("db").generation, 1u);
    EXPECT_EQ(rig.state("db"), State::running);
    EXPECT_EQ(rig.state("app"), State::starting);
}

TEST(ServiceGraphDependency, ACrashOfWhatIsRequiredTakesNobodyAlong) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.exits("db", kCrash);
    rig.started("db");
    rig.exits("db", kCrash);
    EXPECT_EQ(rig.state("db"), State::backoff);
    EXPECT_EQ(rig.state("app"), State::running);
}

TEST(ServiceGraphDependency, WhatIsGivenUpTakesItsDependentsAlong) {
    Rig rig({never_restarted(service("db")), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.exits("db", kCrash);
    EXPECT_EQ(rig.state("db"), State::failed);
    EXPECT_EQ(rig.state("app"), State::stopping);
    rig.exits("app", 0);
    EXPECT_EQ(rig.state("app"), State::stopped);
    rig.start("db");
    rig.comes_up("db");
    EXPECT_EQ(rig.state("app"), State::starting);
}

TEST(ServiceGraphDependency, ACrashedServiceWaitsForWhatItRequiresBeforeItsRestart) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    for (int i = 0; i < 2; ++i) {
        rig.exits("db", kCrash);
        if (i == 0) rig.started("db");
    }
    ASSERT_EQ(rig.state("db"), State::backoff);
    rig.exits("app", kCrash);
    EXPECT_EQ(rig.state("app"), State::waiting);
    EXPECT_EQ(rig.reason("app"), "waiting for db to be ready");
    rig.pass(1s);
    rig.comes_up("db");
    EXPECT_EQ(rig.state("app"), State::starting);
    EXPECT_EQ(rig.facts("app").restarts, 1u);
}

TEST(ServiceGraphDependency, WhatIsOnlyWantedMayFail) {
    Rig rig({service("cache"), wanting("app", "cache")});
    rig.start("app");
    EXPECT_EQ(rig.state("app"), State::waiting);
    rig.spawn_fails("cache");
    EXPECT_EQ(rig.state("app"), State::waiting) << "it is retried at once";
    rig.spawn_fails("cache");
    EXPECT_EQ(rig.state("cache"), State::backoff);
    EXPECT_EQ(rig.state("app"), State::starting);
    rig.comes_up("app");
    rig.stop("cache");
    EXPECT_EQ(rig.state("app"), State::running);
}

TEST(ServiceGraphDependency, AfterOrdersWithoutStarting) {
    conf::ServiceConfig late = service("late");
    late.after = {{"early"}};
    Rig rig({late, service("early")});
    rig.start("late");
    EXPECT_EQ(rig.state("late"), State::starting);
    EXPECT_EQ(rig.state("early"), State::stopped);

    Rig both({late, notifying("early")});
    both.start_all();
    EXPECT_EQ(both.state("late"), State::waiting);
    both.comes_up("early");
    EXPECT_EQ(both.state("late"), State::starting);
}

TEST(ServiceGraphDependency, AServiceNameMeansAllItsInstances) {
    conf::ServiceConfig worker = service("worker");
    worker.instances = 2;
    Rig rig({worker, requiring("app", {{"worker"}})});
    rig.start("app");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn worker@1#1", "spawn worker@2#1"));
    rig.started("worker@1");
    EXPECT_EQ(rig.state("app"), State::waiting);
    EXPECT_EQ(rig.reason("app"), "waiting for worker@2 to be ready");
    rig.started("worker@2");
    EXPECT_EQ(rig.state("app"), State::starting);
}

TEST(ServiceGraphDependency, ACompletedOneshotStaysWhenWhatItRequiredGoes) {
    conf::ServiceConfig migrate = oneshot("migrate");
    migrate.requires_ = {{"db"}};
    Rig rig({service("db"), migrate});
    rig.start_all_and_run();
    rig.exits("migrate", 0);
    rig.stop("db");
    EXPECT_EQ(rig.state("db"), State::stopping);
    EXPECT_EQ(rig.state("migrate"), State::completed);
}

TEST(ServiceGraphDependency, TheEndOfWhatIsRequiredIsLikeAStop) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.exits("db", 0);
    EXPECT_EQ(rig.state("db"), State::stopped);
    EXPECT_EQ(rig.state("app"), State::stopping);
    EXPECT_THAT(rig.reason("app"), HasSubstr("requires db, which is to be down: exit 0"));
}

TEST(ServiceGraphDependency, ALongChainStartsAndStops) {
    std::vector<conf::ServiceConfig> services{service("s0")};
    for (int i = 1; i < 1000; ++i) {
        services.push_back(requiring("s" + std::to_string(i), {{"s" + std::to_string(i - 1)}}));
    }
    Rig rig(std::move(services));
    ServiceGraph* graph = &rig.graph();
    graph->start(999, rig.now(), "asked to start");
    for (ServiceId id = 0; id < 1000; ++id) graph->on_started(id, 1, 1, rig.now());
    EXPECT_EQ(graph->facts(999).actual, State::running);
    graph->stop(0, rig.now(), "asked to stop");
    for (ServiceId id = 1000; id-- > 0;) {
        graph->on_exited(id, 1, kTerminated, true, std::nullopt, rig.now());
    }
    EXPECT_EQ(graph->facts(0).actual, State::stopped);
    EXPECT_EQ(graph->facts(999).hold, Hold::dependency);
    graph->check_invariants();
}

// ---- What `ctl why` asks.

std::vector<std::string> blockers(Rig& rig, const std::string& name) {
    std::vector<std::string> found;
    for (const Blocker& blocker : rig.graph().blockers(rig.id(name)))
        found.push_back(rig.graph().name(blocker.id) + ": " + blocker.what);
    return found;
}

TEST(Blockers, OfAStartAreTheDependenciesThatAreNotMet) {
    Rig rig(
        {requiring("api", {{"db"}, {"cache"}, {"up"}}), notifying("db"), notifying("cache"), service("up")});
    EXPECT_THAT(blockers(rig, "api"), IsEmpty());
    rig.start("api");
    rig.started("up");
    EXPECT_THAT(blockers(rig, "api"),
                ElementsAre("db: waiting for db to be ready", "cache: waiting for cache to be ready"));
    rig.comes_up("db");
    rig.comes_up("cache");
    EXPECT_THAT(blockers(rig, "api"), IsEmpty());
}

TEST(Blockers, OfWhatIsHeldDownAreTheRequirementsThatAreGone) {
    Rig rig({requiring("api", {{"db"}}), service("db")});
    rig.start("api");
    rig.started("db");
    rig.started("api");
    rig.stop("db");
    rig.exits("api", kTerminated);
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_THAT(blockers(rig, "api"), ElementsAre("db: requires db, which is to be down: asked to stop"));
}

TEST(Blockers, OfWhatAReloadAddedIsWhatItRemoved) {
    Rig rig({service("old"), service("gone")});
    rig.start_all_and_run();
    rig.stop("gone");
    rig.exits("gone", kTerminated);
    rig.reload({service("new")});
    rig.graph().forget(rig.id("gone"), rig.now());
    EXPECT_EQ(rig.state("new"), State::waiting);
    EXPECT_THAT(blockers(rig, "new"), ElementsAre("old: waiting for old, which was removed, to stop"));
    EXPECT_THAT(blockers(rig, "old"), IsEmpty());
}

TEST(Blockers, OfAStopAreTheDependentsThatAreStillUp) {
    Rig rig({requiring("api", {{"db"}}), service("db")});
    rig.start("api");
    rig.started("db");
    rig.started("api");
    rig.stop("db");
    EXPECT_THAT(blockers(rig, "db"), ElementsAre("api: its stop waits for api to be down"));
    rig.exits("api", kTerminated);
    EXPECT_THAT(blockers(rig, "db"), IsEmpty());
}

}  // namespace
}  // namespace yard::engine
