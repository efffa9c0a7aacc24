// Diff, Reload, AwaitReload and ReloadService.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ControlReload : ControlTest {
    std::vector<std::string> outcomes() const {
        std::vector<std::string> lines;
        for (const Json& outcome : caller.answers.back()["parameters"]["outcomes"].as_array()) {
            lines.push_back(outcome["name"].as_string() + " " + outcome["state"].as_string() +
                            (outcome["ok"].as_bool() ? " ok" : ": " + outcome["message"].as_string()));
        }
        return lines;
    }
};

TEST_F(ControlReload, AReloadAnswersWithWhatChanges) {
    backend.reloading.changes.removed = {"old"};
    backend.reloading.changes.added = {"new"};
    backend.reloading.changes.changed = {
        {"api",
         {"api@1"},
         {{"command", "[a]", "[b]", conf::Effect::restart}, {"nice", "", "5", conf::Effect::at_once}}}};
    const Json changes = caller.ask("org.yardmaster.Reload")["parameters"];
    EXPECT_EQ(changes["removed"].dump(), R"(["old"])");
    EXPECT_EQ(changes["added"].dump(), R"(["new"])");
    EXPECT_EQ(changes["changed"].dump(),
              R"([{"service":"api","instances":["api@1"],"effect":"by a restart","keys":[)"
              R"({"key":"command","from":"[a]","to":"[b]","effect":"by a restart"},)"
              R"({"key":"nice","from":"","to":"5","effect":"at once"}]}])");
    EXPECT_THAT(backend.asked, ElementsAre("reload"));
}

TEST_F(ControlReload, ADiffAsksForNothing) {
    EXPECT_EQ(caller.ask("org.yardmaster.Diff")["parameters"]["daemon"].dump(), "[]");
    EXPECT_THAT(backend.asked, ElementsAre());
}

TEST_F(ControlReload, MistakesAreAllTold) {
    backend.reloading.mistakes = {{"yard.yaml", 3, 5, "unknown key"}, {"yard.yaml", 9, 1, "too much"}};
    const Json answer = caller.ask("org.yardmaster.Reload");
    EXPECT_EQ(answer["error"].as_string(), "org.yardmaster.InvalidConfiguration");
    EXPECT_EQ(answer["parameters"]["mistakes"].as_array().size(), 2u);
    EXPECT_EQ(answer["parameters"]["mistakes"].as_array()[1]["line"].as_int(), 9);
}

TEST_F(ControlReload, ARefusalSaysWhy) {
    backend.reloading.refusal = "old has to stop first";
    const Json answer = caller.ask("org.yardmaster.Reload");
    EXPECT_EQ(answer["error"].as_string(), "org.yardmaster.Failed");
    EXPECT_EQ(answer["parameters"]["message"].as_string(), "old has to stop first");
}

TEST_F(ControlReload, AReloadIsForAdministrators) {
    FakeCaller operating(methods, trail, Role::operate);
    EXPECT_EQ(operating.ask("org.yardmaster.Reload")["error"].as_string(), "org.yardmaster.NotPermitted");
    EXPECT_THAT(backend.asked, ElementsAre());
}

TEST_F(ControlReload, AwaitingEndsWhenEachIsAtRest) {
    const ServiceId api = backend.add("api", State::running), old = backend.add("old", State::stopping);
    backend.facts_of(api).bounce = true;
    backend.facts_of(old).wanted = Wanted::down;
    caller.call("org.yardmaster.AwaitReload", R"({"names":["api","old","gone before"]})");
    backend.facts_of(api).bounce = false;
    backend.set_state(api, State::stopping, "");
    backend.set_state(old, State::stopped, "");
    backend.set_state(api, State::starting, "");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::running, "");
    EXPECT_THAT(outcomes(), ElementsAre("api running ok", "old stopped ok"));
}

TEST_F(ControlReload, AwaitingEndsWithAFailure) {
    const ServiceId api = backend.add("api", State::backoff);
    caller.call("org.yardmaster.AwaitReload");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::failed, "exit 1");
    EXPECT_THAT(outcomes(), ElementsAre("api failed: exit 1"));
}

TEST_F(ControlReload, ASettingThatCouldNotBeChangedAtOnceIsAFailure) {
    backend.add("api", State::running);
    const ServiceId db = backend.add("db", State::running);
    backend.not_adjusted[db] = {"set a limit of process 7: Operation not permitted", EPERM};
    caller.call("org.yardmaster.AwaitReload", R"({"names":[]})");
    EXPECT_THAT(outcomes(), ElementsAre("db running: set a limit of process 7: Operation not permitted"));
}

TEST_F(ControlReload, WhatIsGoneIsNotAmongAll) {
    backend.add("api", State::running);
    backend.gone.insert(backend.add("old"));
    EXPECT_EQ(caller.ask("org.yardmaster.Status")["parameters"]["services"].as_array().size(), 1u);
}

TEST_F(ControlReload, AServiceIsAskedAndItsAnswerAwaited) {
    backend.config_of(backend.add("api", State::running)).reload.signal = 1;
    caller.call("org.yardmaster.ReloadService", R"({"names":["api"],"request_id":"x"})");
    EXPECT_THAT(backend.asked, ElementsAre("reload api"));
    EXPECT_FALSE(caller.is_finished());
    backend.reload_done(fail("its reload command ended with code 1"));
    EXPECT_THAT(outcomes(), ElementsAre("api running: its reload command ended with code 1"));
    caller.call("org.yardmaster.ReloadService", R"({"names":["api"],"request_id":"x"})");
    EXPECT_THAT(outcomes(), ElementsAre("api running ok"));
    EXPECT_EQ(backend.asked.size(), 1u) << "sent again, it is not applied again";
}

TEST_F(ControlReload, AnAnswerThatNobodyWaitsForAnyMoreIsDropped) {
    backend.config_of(backend.add("api", State::running)).reload.command = {"/bin/reload"};
    caller.call("org.yardmaster.ReloadService", R"({"names":["api"]})");
    caller.hang_up();
    backend.reload_done(Ok());
    EXPECT_TRUE(caller.answers.empty());
}

TEST_F(ControlReload, AServiceWithoutAWayIsToldHowToGetOne) {
    backend.add("api", State::running);
    caller.call("org.yardmaster.ReloadService", R"({"names":["api"]})");
    EXPECT_THAT(outcomes().at(0), HasSubstr("reload: {signal: HUP}"));
    EXPECT_THAT(backend.asked, ElementsAre());
}

}  // namespace
}  // namespace yard::engine::control
