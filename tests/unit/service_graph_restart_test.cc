#include <csignal>

#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

using When = conf::RestartPolicy::When;

conf::ServiceConfig with_policy(When when) {
    conf::ServiceConfig config = service("api");
    config.restart.when = when;
    return config;
}

TEST(ServiceGraphRestart, TheFirstRestartIsAtOnceTheNextAfterADelay) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.take_announcements();
    rig.exits("api", 1);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2"));
    EXPECT_THAT(rig.take_announcements(), ElementsAre("api running->starting"));
    rig.started("api");
    rig.pass(3ms);
    rig.exits("api", 1);
    EXPECT_EQ(rig.state("api"), State::backoff);
    EXPECT_EQ(rig.reason("api"), "exit 1 after 3ms; restart 2 after 100ms");
    rig.take_effects();
    rig.pass(99ms);
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    EXPECT_EQ(rig.facts("api").restarts, 1u);
    rig.pass(1ms);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#3"));
    EXPECT_EQ(rig.facts("api").restarts, 2u);
}

void kill_by_alice(Rig& rig, int number) {
    rig.on("a", [&](auto& graph, auto id, auto now) { graph.note_signal(id, number, "alice", now); });
}

TEST(ServiceGraphRestart, AKillByAPersonIsTold) {
    Rig rig({service("a")});
    rig.start_and_run("a");
    kill_by_alice(rig, SIGKILL);
    rig.crash_and_resume();
    rig.exits("a", ExitStatus::from_signal(SIGKILL));
    EXPECT_EQ(rig.reason("a"), "killed by SIGKILL after 0ms, SIGKILL sent by alice; restart 1 at once");
    rig.started("a");
    rig.exits("a", ExitStatus::from_signal(SIGKILL));
    EXPECT_THAT(rig.reason("a"), Not(HasSubstr("alice")));
}

TEST(ServiceGraphRestart, AnExitIsTheAnswerToASignalWithinTheTimeForStopping) {
    conf::ServiceConfig config = service("a");
    config.stop.timeout = 10s;
    Rig rig({config});
    rig.start_and_run("a");
    kill_by_alice(rig, SIGTERM);
    rig.pass(9s);
    rig.exits("a", 1);
    EXPECT_THAT(rig.reason("a"), HasSubstr("exit 1 after 9s, SIGTERM sent by alice"));
    rig.started("a");
    kill_by_alice(rig, SIGHUP);
    rig.pass(11s);
    rig.exits("a", 1);
    EXPECT_THAT(rig.reason("a"), Not(HasSubstr("alice")));
}

TEST(ServiceGraphRestart, AStartThatFailsAndIsTriedAgainAtOnceIsTold) {
    Rig rig({service("a")});
    rig.start("a");
    rig.take_announcements();
    rig.spawn_fails("a");
    EXPECT_THAT(rig.take_announcements(), ElementsAre("a starting->starting"));
    rig.crash_and_resume();
    EXPECT_THAT(rig.take_announcements(), IsEmpty());
}

TEST(ServiceGraphRestart, ALimitOfOneFailureLeavesItsReasonAsItIs) {
    conf::ServiceConfig api = service("api");
    api.restart.burst = 1;
    Rig rig({api});
    rig.start("api");
    rig.started("api");
    rig.pass(3ms);
    rig.exits("api", 1);
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_EQ(rig.reason("api"), "exit 1 after 3ms");
}

TEST(ServiceGraphRestart, RestartLimitReachedMovesToFailed) {
    Rig rig({service("api")});
    rig.start("api");
    for (int i = 0; i < 5; ++i) {
        rig.started("api");
        rig.pass(3ms);
        rig.exits("api", 1);
        rig.pass(1s);
    }
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_EQ(rig.facts("api").hold, Hold::limit);
    EXPECT_EQ(rig.facts("api").wanted, Wanted::up);
    EXPECT_EQ(rig.reason("api"), "failed 5 times in 4s; last: exit 1 after 3ms");
    rig.pass(24h);
    EXPECT_EQ(rig.state("api"), State::failed);
}

TEST(ServiceGraphRestart, AStartByHandForgetsTheFailures) {
    Rig rig({service("api")});
    rig.start("api");
    for (int i = 0; i < 5; ++i) {
        rig.spawn_fails("api");
        rig.pass(1s);
    }
    ASSERT_EQ(rig.state("api"), State::failed);
    rig.start("api");
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_EQ(rig.facts("api").restarts, 0u);
    EXPECT_EQ(rig.facts("api").books, RestartBooks{});
}

TEST(ServiceGraphRestart, HealthIsComputedAtTheNextExitAndNeedsNoTimer) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    EXPECT_EQ(rig.graph().next_deadline(), std::nullopt);
    rig.pass(10s);
    rig.take_effects();
    rig.exits("api", 1);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#3"));
    EXPECT_EQ(rig.facts("api").restarts, 2u) << "the count of restarts goes on";
}

TEST(ServiceGraphRestart, OnFailureExitZeroLeavesItStopped) {
    Rig rig({with_policy(When::on_failure)});
    rig.start_and_run("api");
    rig.pass(5s);
    rig.exits("api", 0);
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.facts("api").wanted, Wanted::down);
    EXPECT_EQ(rig.facts("api").exit, ExitStatus::from_exit_code(0));
    EXPECT_EQ(rig.reason("api"), "exit 0 after 5s");
}

TEST(ServiceGraphRestart, PolicyNoGivesStoppedOrFailed) {
    Rig rig({with_policy(When::no)});
    rig.start_and_run("api");
    rig.exits("api", 0);
    EXPECT_EQ(rig.state("api"), State::stopped);
    rig.start_and_run("api");
    rig.exits("api", kCrash);
    EXPECT_EQ(rig.state("api"), State::failed);
    EXPECT_EQ(rig.facts("api").hold, Hold::none);
    EXPECT_EQ(rig.reason("api"), "killed by SIGSEGV (core dumped) after 0ms");
}

TEST(ServiceGraphRestart, AlwaysRestartsASuccessToo) {
    Rig rig({with_policy(When::always)});
    rig.start_and_run("api");
    rig.pass(2s);
    rig.exits("api", 0);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2"));
    EXPECT_EQ(rig.facts("api").books.window_count, 0u);
}

TEST(ServiceGraphRestart, ADeclaredSuccessIsNoFailure) {
    conf::ServiceConfig config = with_policy(When::on_failure);
    config.success_codes = {0, 42};
    config.success_signals = {15};
    Rig rig({config});
    rig.start_and_run("api");
    rig.exits("api", 42);
    EXPECT_EQ(rig.state("api"), State::stopped);
    rig.start_and_run("api");
    rig.exits("api", kTerminated);
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphRestart, AOneshotCompletesOrIsRetried) {
    Rig rig({oneshot("migrate")});
    rig.start_and_run("migrate");
    EXPECT_EQ(rig.state("migrate"), State::running);
    rig.exits("migrate", 1);
    EXPECT_EQ(rig.state("migrate"), State::starting);
    rig.started("migrate");
    rig.exits("migrate", 0);
    EXPECT_EQ(rig.state("migrate"), State::completed);
    EXPECT_EQ(rig.facts("migrate").pid, 0);
    rig.start("migrate");
    EXPECT_EQ(rig.state("migrate"), State::starting) << "a start by name runs it again";
}

TEST(ServiceGraphRestart, AStartDuringBackoffStartsNow) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    rig.exits("api", 1);
    ASSERT_EQ(rig.state("api"), State::backoff);
    rig.take_effects();
    rig.start("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#3"));
    EXPECT_EQ(rig.facts("api").restarts, 0u);
    EXPECT_EQ(rig.graph().next_deadline(), std::nullopt);
}

TEST(ServiceGraphRestart, WhatACrashLeavesBehindIsKilledBeforeTheRestart) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", kCrash, /*tree_empty=*/false);
    EXPECT_EQ(rig.state("api"), State::stopping);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    rig.pass(1s);
    rig.tree_empties("api");
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_THAT(rig.reason("api"), HasSubstr("killed by SIGSEGV (core dumped) after 0ms; restart 1"));
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#2"));
}

TEST(ServiceGraphRestart, AStopDuringTheCleanUpOfACrashStopsIt) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", kCrash, /*tree_empty=*/false);
    rig.stop("api");
    rig.tree_empties("api");
    EXPECT_EQ(rig.state("api"), State::stopped);
    EXPECT_EQ(rig.facts("api").exit, kCrash);
}

TEST(ServiceGraphRestart, ARestartByHandStopsAndStarts) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    rig.exits("api", 1);
    rig.started("api");
    rig.take_effects();
    rig.restart("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api", "signal api"));
    rig.exits("api", kTerminated);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#3"));
    EXPECT_EQ(rig.reason("api"), "asked to restart");
    EXPECT_EQ(rig.facts("api").restarts, 0u);
    EXPECT_EQ(rig.facts("api").books, RestartBooks{});
}

TEST(ServiceGraphRestart, ARestartOfWhatIsStoppedStartsIt) {
    Rig rig({service("api")});
    rig.restart("api");
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn api#1"));
}

TEST(ServiceGraphRestart, ARestartTakesWhatRequiresItAround) {
    Rig rig({service("db"), requiring("app", {{"db"}}), requiring("web", {{"app"}}), service("other")});
    rig.start_all_and_run();
    rig.restart("db");
    EXPECT_THAT(rig.take_effects(), Contains("signal web"));
    EXPECT_EQ(rig.state("app"), State::running) << "web is still there";
    rig.exits("web", kTerminated);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal app"));
    rig.exits("app", kTerminated);
    EXPECT_THAT(rig.take_effects(), ElementsAre("signal db"));
    rig.exits("db", kTerminated);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn db#2"));
    rig.started("db");
    rig.started("app");
    rig.started("web");
    EXPECT_EQ(rig.state("web"), State::running);
    EXPECT_EQ(rig.facts("other").generation, 1u);
}

TEST(ServiceGraphRestart, ACrashDuringARequestedRestartIsThatRestart) {
    Rig rig({service("db"), requiring("app", {{"db"}})});
    rig.start_all_and_run();
    rig.restart("db");
    rig.take_effects();
    rig.exits("db", kCrash);
    EXPECT_THAT(rig.take_effects(), ElementsAre("spawn db#2"));
    EXPECT_EQ(rig.facts("db").books, RestartBooks{});
}

}  // namespace
}  // namespace yard::engine
