// What a service says about itself (sd_notify), as far as it moves the graph.
#include "unit/service_graph_harness.h"

namespace yard::engine {
namespace {

void stopping(Rig& rig, const std::string& name) {
    rig.on(name, [](auto& graph, auto id, auto now) { graph.on_self_stopping(id, now); });
}

void main_pid(Rig& rig, const std::string& name, int32_t pid) {
    rig.on(name, [pid](auto& graph, auto id, auto now) { graph.on_main_pid(id, pid, now); });
}

conf::ServiceConfig watched(std::string name) {
    conf::ServiceConfig config = notifying(std::move(name));
    config.ready.watchdog = 5s;
    return config;
}

TEST(ServiceGraphNotify, StatusTextIsKeptUntilTheNextStart) {
    Rig rig({service("api")});
    const auto say = [&] {
        rig.on("api", [](auto& graph, auto id, auto) { graph.on_status_text(id, "busy"); });
    };
    say();
    EXPECT_TRUE(rig.facts("api").status_text.empty()) << "nobody can have said that";
    rig.start_and_run("api");
    say();
    EXPECT_EQ(rig.facts("api").status_text.view(), "busy");
    rig.exits("api", 1);
    EXPECT_EQ(rig.facts("api").status_text.view(), "");
}

TEST(ServiceGraphNotify, StrangersAreCounted) {
    Rig rig({service("api")});
    rig.on("api", [](auto& graph, auto id, auto) { graph.on_notify_ignored(id); });
    EXPECT_EQ(rig.facts("api").notify_ignored, 1u);
}

TEST(ServiceGraphNotify, AServiceThatAnnouncesItsStopGetsTheStopTimeoutAndIsJudgedByItsExit) {
    Rig rig({notifying("api")});
    rig.start_and_run("api");
    stopping(rig, "api");
    EXPECT_EQ(rig.state("api"), State::stopping);
    rig.exits("api", 1);
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_THAT(rig.reason("api"), HasSubstr("exit 1"));

    rig.comes_up("api");
    rig.take_effects();
    stopping(rig, "api");
    rig.pass(10s);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
}

TEST(ServiceGraphNotify, StoppingAsAnAnswerToAStopChangesNothing) {
    Rig rig({notifying("api")});
    rig.start_and_run("api");
    rig.stop("api");
    stopping(rig, "api");
    EXPECT_EQ(rig.facts("api").phase, Phase::stop_signal);
    rig.exits("api", 0);
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphNotify, AStopOfWhatStopsByItselfNeedsNoSignal) {
    Rig rig({notifying("api")});
    rig.start_and_run("api");
    stopping(rig, "api");
    rig.stop("api");
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    rig.exits("api", 1);
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphNotify, StartAndStopTimeoutsAreExtended) {
    Rig rig({notifying("api")});
    const auto extend = [&](Duration by) {
        rig.on("api", [by](auto& graph, auto id, auto now) { graph.on_extend_timeout(id, by, now); });
    };
    rig.start("api");
    rig.started("api");
    rig.pass(29s);
    extend(60s);
    rig.pass(59s);
    EXPECT_EQ(rig.state("api"), State::starting);
    extend(1s);
    EXPECT_EQ(rig.graph().next_deadline(), rig.now().boot + 1s) << "never shortened";
    rig.is_ready("api");
    extend(1s);
    EXPECT_EQ(rig.graph().next_deadline(), std::nullopt);
    rig.stop("api");
    extend(15s);
    rig.take_effects();
    rig.pass(14s);
    EXPECT_THAT(rig.take_effects(), IsEmpty());
    rig.pass(1s);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
}

TEST(ServiceGraphNotify, AMissedWatchdogIsAFailure) {
    Rig rig({watched("api")});
    rig.start_and_run("api");
    rig.pass(4s);
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_watchdog(id, now); });
    rig.pass(4s);
    EXPECT_EQ(rig.state("api"), State::running);
    rig.take_effects();
    rig.pass(1s);
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    rig.exits("api", 0);
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_EQ(rig.facts("api").books.window_count, 1u);
    EXPECT_EQ(rig.reason("api"), "watchdog: no sign of life for 5s; restart 1 at once");
}

TEST(ServiceGraphNotify, AServiceMayChangeItsWatchdogInterval) {
    Rig rig({watched("api")});
    const auto set_interval = [&rig](Duration interval) {
        rig.on("api",
               [interval](auto& graph, auto id, auto now) { graph.on_watchdog_interval(id, interval, now); });
    };
    rig.start("api");
    rig.started("api");
    set_interval(20s);
    rig.is_ready("api");
    rig.pass(19s);
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_watchdog(id, now); });
    EXPECT_EQ(rig.graph().next_deadline(), rig.now().boot + 20s);
    set_interval(0s);
    EXPECT_EQ(rig.graph().next_deadline(), std::nullopt);
    rig.pass(1h);
    EXPECT_EQ(rig.state("api"), State::running);
    set_interval(2s);
    rig.crash_and_resume();
    rig.pass(2s);
    EXPECT_EQ(rig.reason("api"), "watchdog: no sign of life for 2s");
    rig.exits("api", 0);
    rig.comes_up("api");
    EXPECT_EQ(rig.graph().next_deadline(), rig.now().boot + 5s) << "of the one run only";
}

TEST(ServiceGraphNotify, AServiceMayTriggerItsOwnWatchdog) {
    Rig rig({notifying("api")});
    rig.start_and_run("api");
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_watchdog_trigger(id, now); });
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    EXPECT_EQ(rig.reason("api"), "it triggered its own watchdog");
}

TEST(ServiceGraphNotify, AStopDuringAFaultWins) {
    Rig rig({watched("api")});
    rig.start_and_run("api");
    rig.pass(5s);
    rig.stop("api");
    rig.exits("api", ExitStatus::from_signal(9));
    EXPECT_EQ(rig.state("api"), State::stopped);
}

TEST(ServiceGraphNotify, WithMainPidTheEndOfTheLauncherIsNotTheEnd) {
    Rig rig({notifying("api")});
    rig.start("api");
    rig.started("api");
    main_pid(rig, "api", 4711);
    rig.is_ready("api");
    rig.exits("api", ExitStatus::from_exit_code(0), /*tree_empty=*/false);
    EXPECT_EQ(rig.state("api"), State::running);
    EXPECT_EQ(rig.facts("api").pid, 4711);
    rig.take_effects();
    rig.on("api", [](auto& graph, auto id, auto now) { graph.on_main_exited(id, 4711, kCrash, now); });
    EXPECT_THAT(rig.take_effects(), ElementsAre("kill api"));
    rig.tree_empties("api");
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_EQ(rig.facts("api").exit, kCrash);
}

TEST(ServiceGraphNotify, AnEmptyTreeEndsAMovedMainProcessWithAnUnknownStatus) {
    Rig rig({notifying("api")});
    rig.start_and_run("api");
    main_pid(rig, "api", 4711);
    rig.exits("api", ExitStatus::from_exit_code(0), /*tree_empty=*/false);
    rig.tree_empties("api");
    EXPECT_EQ(rig.facts("api").exit, ExitStatus::unknown());
    EXPECT_EQ(rig.state("api"), State::starting);
    EXPECT_THAT(rig.reason("api"), HasSubstr("ended, nobody saw how"));
}

TEST(ServiceGraphNotify, AMovedMainProcessDisarms) {
    Rig rig({service("api")});
    rig.start_and_run("api");
    main_pid(rig, "api", 4711);
    EXPECT_THAT(rig.take_effects(), ElementsAre("disarm api"));
}

}  // namespace
}  // namespace yard::engine
