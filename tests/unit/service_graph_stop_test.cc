#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

TEST(ServiceGraphStop, AStopSignalsAndWaitsForTheEnd) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "signal api"));
    EXPECT_EQ(rig.state("api"), State::stopping);
    rig.exits("api", 3);
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.facts("api").hold, Hold::manual);
    EXPECT_EQ(rig.facts("api").exit, ExitStatus::from_exit_code(3));
    EXPECT_EQ(rig.reason("api"), "asked to stop");
    EXPECT_THAT(rig.take_effects(), IsEmpty());
}

TEST(ServiceGraphStop, TheTreeIsKilledWhenTheTimeoutHasPassed) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.pass(9999ms);
    rig.take_effects();
    rig.pass(1ms);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    EXPECT_EQ(rig.reason("api"), "asked to stop; killed, as it did not stop within 10s");
    rig.exits("api", ExitStatus::from_signal(9), /*tree_empty=*/true);
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphStop, LeftoversAreKilledAtOnceWhenTheMainProcessIsGone) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.take_effects();
    rig.exits("api", kTerminated, /*tree_empty=*/false);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    EXPECT_EQ(rig.state("api"), State::stopping);
    rig.pass(1h);
    EXPECT_EQ(rig.state("api"), State::stopping) << "only an empty tree is down";
    rig.tree_empties("api");
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphStop, TimeoutZeroKillsAtOnce) {
    conf::ServiceConfig config = service("api");
    config.stop.timeout = 0ms;
    Rig rig({config});
    rig.start_and_run("api");
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "kill api"));
}

TEST(ServiceGraphStop, AStopCommandRunsInsteadOfTheSignalWhichFollowsIt) {
    conf::ServiceConfig config = service("api");
    config.stop.command = {"/bin/stop-it"};
    Rig rig({config});
    rig.start_and_run("api");
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "stop command api"));
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_stop_command_done(id, false, now); });
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal api"));
    EXPECT_EQ(rig.reason("api"), "asked to stop; its stop command failed");
    rig.pass(10s);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api")) << "the timeout covers both";
}

TEST(ServiceGraphStop, ASecondStopSendsNoSecondSignal) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.take_effects();
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), IsEmpty());
}

TEST(ServiceGraphStop, AStartDuringAStopIsRememberedUntilItIsDown) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.stop("api");
    rig.start("api");
    EXPECT_EQ(rig.state("api"), State::stopping);
    rig.take_effects();
    rig.exits("api", kTerminated);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2"));
    EXPECT_EQ(rig.facts("api").books, RestartBooks{}) << "no failure";
}

TEST(ServiceGraphStop, AStopBeforeTheSpawnIsAnsweredFollowsTheAnswer) {
    Rig rig({service("api")});
    rig.start("api");
    rig.take_effects();
    rig.stop("api");
    EXPECT_EQ(rig.state("api"), State::stopping);
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    rig.started("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal api"));
    rig.exits("api", kTerminated);
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphStop, ASpawnThatFailsDuringAStopIsDown) {
    Rig rig({service("api")});
    rig.start("api");
    rig.stop("api");
    rig.spawn_fails("api");
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.reason("api"), "asked to stop");
}

TEST(ServiceGraphStop, AProgramStuckInExecIsKilledInTime) {
    Rig rig({service("api")});
    rig.start("api");
    rig.stop("api");
    rig.take_effects();
    rig.pass(10s);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    rig.exits("api", ExitStatus::from_signal(9));
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphStop, AStopDuringBackoffOrWaitingIsImmediate) {
    Rig rig({service("api"), requiring("web", {{"api"}})});
    rig.start("web");
    rig.spawn_fails("api");
    rig.spawn_fails("api");
    ASSERT_EQ(rig.state("api"), State::backoff);
    ASSERT_EQ(rig.state("web"), State::waiting);
    rig.stop("web");
    EXPECT_EQ(rig.state("web"), State::stopped);
    rig.stop("api");
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.graph().next_deadline(), std::nullopt);
}

TEST(ServiceGraphStop, AStopWhileAwaitingReadinessEndsTheCheck) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    rig.take_effects();
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("unwatch api", "signal api"));
    rig.is_ready("api");
    EXPECT_EQ(rig.state("api"), State::stopping);
}

TEST(ServiceGraphStop, StopAcknowledgesFailedAndCompleted) {
    conf::ServiceConfig config = service("api");
    config.restart.when = conf::RestartPolicy::When::no;
    Rig rig({config, oneshot("job")});
    rig.start_all_and_run();
    rig.exits("api", 1);
    rig.exits("job", 0);
    rig.stop("api");
    rig.stop("job");
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.state("job"), State::stopped);
}

TEST(ServiceGraphStop, StopAllGoesInReverseOrderOfEveryKindOfEdge) {
    conf::ServiceConfig wanting = service("wanting"), later = service("later");
    wanting.wants = {{"db"}};
    later.after = {{"db"}};
    Rig rig({service("db"), requiring("app", {{"db"}}), wanting, later});
    rig.start_all_and_run();
    rig.stop_all();
    EXPECT_THAT(rig.take_effects(), Not(Contains("signal db")));
    EXPECT_EQ(rig.state("db"), State::running);
    for (const char* name : {"app", "wanting", "later"}) {
        EXPECT_EQ(rig.state(name), State::stopping) << name;
        EXPECT_EQ(rig.state("db"), State::running);
        EXPECT_FALSE(rig.graph().all_down());
        rig.exits(name, kTerminated);
    }
    EXPECT_THAT(rig.take_effects(), Contains("signal db"));
    rig.exits("db", kTerminated);
    EXPECT_TRUE(rig.graph().all_down());
}

TEST(ServiceGraphStop, StopAllOfIndependentServicesStopsAllAtOnce) {
    std::vector<conf::ServiceConfig> services;
    for (int i = 0; i < 1000; ++i) services.push_back(service("s" + std::to_string(i)));
    Rig rig(std::move(services), 1000);
    rig.start_all_and_run();
    rig.stop_all();
    EXPECT_EQ(rig.take_effects().size(), 2000u) << "a disarm and a signal each";
}

TEST(ServiceGraphStop, NothingStartsAfterStopAll) {
    Rig rig({service("api"), service("crashed"), service("queued")}, 2);
    rig.start_all();
    rig.stop_all();
    rig.spawn_fails("crashed");
    rig.started("api");
    rig.start("queued");
    rig.restart("api");
    rig.take_effects();
    rig.exits("api", 0);
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    EXPECT_TRUE(rig.graph().all_down());
}

TEST(ServiceGraphStop, StopAllKeepsInMindWhatAPersonStopped) {
    Rig rig({service("api"), service("db")});
    rig.stop("api");
    rig.stop_all();
    EXPECT_EQ(rig.facts("api").hold, Hold::manual);
    EXPECT_EQ(rig.facts("db").hold, Hold::none);
}

}  // namespace
}  // namespace yard::engine
