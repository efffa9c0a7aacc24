// A new engine under a configuration that is not the one of the facts.
#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

conf::ServiceConfig running(std::string name, std::string program) {
    conf::ServiceConfig config = service(std::move(name));
    config.command = {std::move(program)};
    return config;
}

TEST(ServiceGraphReload, TheSameConfigurationChangesNothing) {
    Rig rig({notifying("db"), notifying("api")});
    rig.start_all_and_run();
    rig.reload({notifying("db"), notifying("api")});
    EXPECT_THAT(rig.take_effects(), IsEmpty());
}

TEST(ServiceGraphReload, WhatIsNewStartsUnlessItIsNotToStartByItself) {
    conf::ServiceConfig idle = notifying("idle");
    idle.autostart = false;
    Rig rig({notifying("db")});
    rig.start_all_and_run();
    rig.reload({idle, notifying("web"), notifying("db")});
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn web#1"));
}

TEST(ServiceGraphReload, WhatAPersonStoppedStaysStopped) {
    Rig rig({notifying("db")});
    rig.start_all_and_run();
    rig.stop("db");
    rig.exits("db", 0);
    rig.reload({running("db", "/bin/other")});
    EXPECT_EQ(rig.state("db"), State::stopped);
}

TEST(ServiceGraphReload, WhatIsRemovedStopsInReverseOrder) {
    conf::ServiceConfig api = notifying("api");
    api.requires_ = {{"db"}};
    Rig rig({notifying("db"), api, notifying("stays")});
    rig.start_all_and_run();
    rig.reload({notifying("stays")});
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal api"));
    rig.exits("api", 0);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal db"));
    rig.exits("db", 0);
    EXPECT_EQ(rig.state("db"), State::stopped);
    EXPECT_EQ(rig.state("stays"), State::running);
}

TEST(ServiceGraphReload, WhatIsRemovedMayNameWhatIsNotThere) {
    conf::ServiceConfig api = notifying("api");
    api.after = {{"db"}};
    Rig rig({notifying("db"), api});
    rig.start("api");
    rig.comes_up("api");
    rig.reload({api}, {});
    rig.reload({notifying("db")});
    EXPECT_EQ(rig.state("api"), State::stopping);
}

TEST(ServiceGraphReload, WhatLeavesIsNotStartedByAnybody) {
    Rig rig({notifying("old")});
    rig.start_all_and_run();
    rig.reload({notifying("new")});
    rig.start("old");
    rig.restart("old");
    rig.exits("old", 0);
    EXPECT_EQ(rig.state("old"), State::stopped);
}

TEST(ServiceGraphReload, WhatIsNewWaitsUntilWhatWasRemovedIsDown) {
    Rig rig({notifying("old"), notifying("db")});
    rig.start_all_and_run();
    rig.reload({notifying("new"), notifying("db")});
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal old"));
    EXPECT_EQ(rig.reason("new"), "waiting for what was removed to stop");
    rig.exits("db", kCrash);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn db#2")) << "what is not new does not wait";
    rig.crash_and_begin();
    EXPECT_EQ(rig.state("new"), State::waiting);
    rig.take_effects();
    rig.exits("old", 0);
    EXPECT_THAT(rig.take_effects(), IsEmpty()) << "its log may be written still";
    rig.on("old", [](auto& graph, auto id, auto now) { graph.forget(id, now); });
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn new#1"));
}

TEST(ServiceGraphReload, AnotherProgramIsARestartWithDependentsAroundIt) {
    conf::ServiceConfig api = notifying("api");
    api.requires_ = {{"db"}};
    Rig rig({running("db", "/bin/old"), api});
    rig.start_all_and_run();
    rig.reload({running("db", "/bin/new"), api});
    EXPECT_EQ(rig.reason("db"), "its configuration changed");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm db", "signal api"));
    rig.exits("api", 0);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal db"));
    rig.exits("db", 0);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn db#2"));
    rig.comes_up("db");
    EXPECT_THAT(rig.take_effects(), ElementsAre("arm db#3", "spawn api#2"));
}

TEST(ServiceGraphReload, TheRestartHappensOnceWhereverTheEngineDies) {
    Rig rig({running("api", "/bin/old")});
    rig.start_all_and_run();
    rig.reload({running("api", "/bin/new")});
    rig.crash_and_begin();
    rig.crash_and_begin();
    rig.exits("api", 0);
    rig.crash_and_begin();
    EXPECT_EQ(rig.facts("api").generation, 2u);
    rig.started("api");
    rig.crash_and_begin();
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").generation, 2u);
}

TEST(ServiceGraphReload, AProcessThatTheKeeperStartedByTheOldTermsIsRestartedToo) {
    Rig rig({running("api", "/bin/old")});
    rig.start_all_and_run();
    rig.reload({running("api", "/bin/new")});
    rig.is_replaced("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::stopping);
    rig.exits("api", 0);
    EXPECT_EQ(rig.facts("api").generation, 3u);
    EXPECT_EQ(rig.state("api"), State::starting);
}

TEST(ServiceGraphReload, WhatFailedIsTriedAgainWithAnotherProgramOnly) {
    conf::ServiceConfig broken = running("api", "/bin/broken");
    broken.restart.when = conf::RestartPolicy::When::no;
    Rig rig({broken});
    rig.start("api");
    rig.spawn_fails("api");
    ASSERT_EQ(rig.state("api"), State::failed);
    rig.reload({broken});
    EXPECT_EQ(rig.state("api"), State::failed);
    rig.reload({running("api", "/bin/mended")});
    EXPECT_EQ(rig.state("api"), State::starting);
}

TEST(ServiceGraphReload, ADelayUnderWayIsNotLengthened) {
    conf::ServiceConfig slow = service("api");
    slow.restart.immediate = false;
    slow.restart.delay = std::chrono::milliseconds(500);
    slow.restart.jitter = 0;
    Rig rig({slow});
    rig.start_and_run("api");
    rig.exits("api", kCrash);
    ASSERT_EQ(rig.state("api"), State::backoff);
    slow.restart.delay = std::chrono::seconds(30);
    rig.reload({slow});
    rig.pass(500ms);
    EXPECT_EQ(rig.state("api"), State::starting);
}

TEST(ServiceGraphReload, ANewRequirementComesUpAndTakesNobodyDown) {
    conf::ServiceConfig api = notifying("api"), db = notifying("db");
    db.autostart = false;
    Rig rig({api, db});
    rig.start_all_and_run();
    api.requires_ = {{"db"}, {"cache"}};
    rig.reload({api, db, notifying("cache")}, {{"api", "db"}, {"api", "cache"}});
    EXPECT_THAT(rig.take_effects(), UnorderedElementsAre("spawn db#1", "spawn cache#1"));
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphReload, WhatAConflictKeptFromStartingIsNotStartedByALaterEngine) {
    conf::ServiceConfig second = notifying("second");
    second.conflicts = {"first"};
    Rig rig({notifying("first"), second});
    rig.start_all_and_run();
    rig.stop("first");
    rig.exits("first", 0);
    rig.crash_and_begin();
    EXPECT_EQ(rig.state("second"), State::stopped);
}

TEST(ServiceGraphReload, OfTwoThatCameToConflictTheFirstStays) {
    conf::ServiceConfig second = notifying("second");
    Rig rig({notifying("first"), second});
    rig.start_all_and_run();
    second.conflicts = {"first"};
    rig.reload({notifying("first"), second});
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal second"));
}

TEST(ServiceGraphReload, AStopCommandThatIsGoneGivesWayToTheSignal) {
    conf::ServiceConfig api = service("api");
    api.stop.command = {"/bin/stop-it"};
    Rig rig({api});
    rig.start_and_run("api");
    rig.stop("api");
    rig.take_effects();
    rig.reload({service("api")});
    EXPECT_THAT(rig.take_effects(), Contains("signal api"));
}

TEST(ServiceGraphReload, AReadinessCheckThatIsGoneIsMet) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.reload({service("api")});
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphReload, WhatCompletedAndIsNoOneShotAnyMoreStarts) {
    Rig rig({oneshot("job")});
    rig.start_and_run("job");
    rig.exits("job", 0);
    ASSERT_EQ(rig.state("job"), State::completed);
    rig.reload({service("job")});
    EXPECT_EQ(rig.state("job"), State::starting);
}

TEST(ServiceGraphReload, WhatIsGoneIsNotFound) {
    Rig rig({notifying("old")});
    rig.start_all_and_run();
    rig.reload({notifying("new")});
    rig.exits("old", 0);
    rig.on("old", [](auto& graph, auto id, auto now) { graph.forget(id, now); });
    EXPECT_THAT(rig.graph().find("old"), IsEmpty());
}

TEST(ServiceGraphReload, AServiceOfThatNameIsFoundBeforeTheOneThatLeaves) {
    conf::ServiceConfig two = notifying("worker");
    two.instances = 2;
    Rig rig({notifying("db")});
    rig.start_all_and_run();
    ServiceGraph& graph = rig.graph();
    EXPECT_THAT(graph.find("db"), ElementsAre(0u));
    rig.reload({two});
    EXPECT_THAT(rig.graph().find("worker"), ElementsAre(0u, 1u));
    EXPECT_THAT(rig.graph().find("db"), ElementsAre(2u));
}

}  // namespace
}  // namespace yard::engine
