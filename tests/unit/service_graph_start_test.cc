#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

TEST(ServiceGraphStart, AStartAsksForTheFirstGenerationAndRunsWhenExecSucceeded) {
    Rig rig({service("api")});
    rig.start("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#1"));
    EXPECT_EQ(rig.state("api"), State::starting);
    rig.started("api");
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").pid, 101);
    EXPECT_EQ(rig.reason("api"), "asked to start");
    EXPECT_THAT(rig.take_announcements(), ElementsAre("api stopped->starting", "api starting->running"));
    EXPECT_TRUE(rig.persisted_first());
}

TEST(ServiceGraphStart, AServiceWithReadinessRunsOnlyWhenReady) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#1", "watch api"));
    rig.pass(29s);
    rig.is_ready("api");
    EXPECT_EQ(rig.state("api"), State::running);
    rig.pass(1h);
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphStart, AMissedReadinessStopsTheServiceAndCountsAsAFailure) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.take_effects();
    rig.pass(30s);
    EXPECT_EQ(rig.state("api"), State::stopping);
    EXPECT_EQ(rig.reason("api"), "not ready after 30s");
    EXPECT_THAT(rig.take_effects(), ElementsAre("unwatch api", "signal api"));
    rig.exits("api", 0);
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
    EXPECT_THAT(rig.reason("api"), HasSubstr("not ready after 30s; restart 1 at once"));
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2"));
}

TEST(ServiceGraphStart, AMissedReadinessTellsWhatTheCheckSawLast) {
    Rig rig({notifying("api")});
    rig.trouble = "tcp 127.0.0.1:1: Connection refused";
    rig.start("api");
    rig.started("api");
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_extend_timeout(id, 40s, now); });
    rig.pass(40s);
    EXPECT_EQ(rig.reason("api"), "not ready after 40s: tcp 127.0.0.1:1: Connection refused");
}

TEST(ServiceGraphStart, AReadinessCheckThatGivesUpIsLikeATimeout) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.on("api",
           [](auto& graph, auto id, auto now) { graph.on_readiness_failed(id, "the log ended", now); });
    EXPECT_EQ(rig.state("api"), State::stopping);
    EXPECT_EQ(rig.reason("api"), "the log ended");
}

TEST(ServiceGraphStart, AServiceThatEndsBeforeItIsReadyFailedEvenWithExitZero) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.take_effects();
    rig.pass(2s);
    rig.exits("api", 0);
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
    EXPECT_THAT(rig.reason("api"), HasSubstr("exit 0 after 2s, before it was ready"));
    EXPECT_THAT(rig.take_effects(), ElementsAre("unwatch api", "spawn api#2"));
}

TEST(ServiceGraphStart, AFailedSpawnNamesStageObjectAndError) {
    conf::ServiceConfig config = service("api");
    config.restart.when = conf::RestartPolicy::When::no;
    Rig rig({config});
    rig.start("api");
    rig.spawn_fails("api", {"chdir", ENOENT, "/srv/api"});
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_EQ(rig.reason("api"), "chdir /srv/api: No such file or directory");
    EXPECT_FALSE(rig.facts("api").exit.ended());
}

TEST(ServiceGraphStart, WhatDoesNotStartWithTheDaemonIsStoppedSinceThen) {
    conf::ServiceConfig api = service("api");
    api.autostart = false;
    Rig rig({api});
    rig.start_all();
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_NE(rig.facts("api").since_wall_ns, 0);
}

TEST(ServiceGraphStart, AFailedSpawnIsRetriedByPolicy) {
    Rig rig({service("api")});
    rig.start("api");
    for (int i = 0; i < 4; ++i) {
        rig.spawn_fails("api");
        rig.pass(1s);
        EXPECT_EQ(rig.state("api"), State::starting) << i;
    }
    rig.spawn_fails("api");
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_EQ(rig.facts("api").hold, Hold::limit);
    EXPECT_EQ(rig.reason("api"), "failed 5 times in 4s; last: exec /bin/program: No such file or directory");
}

TEST(ServiceGraphStart, AnswersForAnotherGenerationAreIgnored) {
    Rig rig({service("api")});
    rig.start("api");
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_started(id, 7, 42, now); });
    EXPECT_EQ(rig.state("api"), State::starting);
    rig.started("api");
    rig.on("api",
           [](auto& graph, auto id, auto now) { graph.on_exited(id, 0, kCrash, true, std::nullopt, now); });
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphStart, AtMostParallelStartsAreInStartingAndTheRestFollowInOrder) {
    Rig rig({notifying("a"), notifying("b"), notifying("c"), notifying("d")}, 2);
    rig.start_all();
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn a#1", "spawn b#1"));
    EXPECT_EQ(rig.state("c"), State::waiting);
    EXPECT_EQ(rig.reason("c"), "waiting for other services to finish their start");
    rig.comes_up("b");
    EXPECT_THAT(rig.take_effects(), ElementsAre("watch b", "spawn c#1"));
    rig.spawn_fails("a");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn d#1"));
    EXPECT_EQ(rig.state("a"), State::waiting) << "its retry stands behind";
}

TEST(ServiceGraphStart, AServiceThatLeavesTheQueueForASlotDoesNotBlockIt) {
    Rig rig({notifying("a"), notifying("b"), notifying("c")}, 1);
    rig.start_all();
    rig.stop("b");
    EXPECT_EQ(rig.state("b"), State::stopped);
    rig.take_effects();
    rig.comes_up("a");
    EXPECT_THAT(rig.take_effects(), ElementsAre("watch a", "spawn c#1"));
}

TEST(ServiceGraphStart, StartAllStartsThoseWithAutostartAndWhatTheyNeed) {
    conf::ServiceConfig manual = service("manual"), needed = service("needed");
    manual.autostart = needed.autostart = false;
    Rig rig({manual, needed, requiring("api", {{"needed"}})});
    rig.start_all_and_run();
    EXPECT_EQ(rig.state("manual"), State::stopped);
    EXPECT_EQ(rig.state("needed"), State::running);
    EXPECT_EQ(rig.reason("needed"), "needed by api");
    EXPECT_EQ(rig.state("api"), State::running);
}

TEST(ServiceGraphStart, StartAllLeavesStoppedWhatAPersonStopped) {
    conf::ServiceConfig sticky = service("sticky"), plain = service("plain");
    sticky.restart.when = conf::RestartPolicy::When::unless_stopped;
    plain.restart.when = conf::RestartPolicy::When::always;
    Rig rig(
        {sticky, plain, requiring("api", {{"sticky"}}), requiring("web", {{"needed"}}), service("needed")});
    rig.stop("sticky");
    rig.stop("plain");
    rig.stop("needed");
    rig.start_all();
    EXPECT_EQ(rig.state("sticky"), State::stopped);
    EXPECT_EQ(rig.state("plain"), State::stopped);
    EXPECT_EQ(rig.state("needed"), State::starting) << "by web, as it is not to stay so";
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.reason("api"), "requires sticky, which is to be down: asked to stop");
    rig.start("api");
    EXPECT_EQ(rig.state("sticky"), State::starting) << "a person's start overrides it";
}

TEST(ServiceGraphStart, StartingWhatRunsDoesNothing) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    rig.take_effects();
    rig.start("api");
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    EXPECT_EQ(rig.facts("api").restarts, 1u);
}

TEST(ServiceGraphStart, NiceIsRememberedInTheFacts) {
    Rig rig({service("api")});
    rig.on("api", [](auto& graph, auto id, auto now) { graph.set_nice(id, -5, now); });
    rig.start_and_run("api");
    EXPECT_TRUE(rig.facts("api").has_nice_override);
    EXPECT_EQ(rig.facts("api").nice_override, -5);
}

TEST(ServiceGraphStart, ServicesAreFoundByNameAndByTheirInstances) {
    conf::ServiceConfig worker = service("worker");
    worker.instances = 3;
    Rig rig({service("api"), worker});
    EXPECT_THAT(rig.graph().find("worker"), ElementsAre(1, 2, 3));
    EXPECT_THAT(rig.graph().find("worker@2"), ElementsAre(2));
    EXPECT_THAT(rig.graph().find("api"), ElementsAre(0));
    EXPECT_THAT(rig.graph().find("nobody"), IsEmpty());
    EXPECT_EQ(rig.graph().name(3), "worker@3");
}

}  // namespace
}  // namespace yard::engine
