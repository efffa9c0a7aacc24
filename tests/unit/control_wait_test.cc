// Methods that are answered later: Start, Stop, Restart and Wait, driven by events.
#include <gmock/gmock.h>

#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using testing::ElementsAre;

struct ControlWait : ControlTest {
    void begin(const std::string& method, const std::string& parameters, bool more = false) {
        const std::string name = "org.yardmaster." + method;
        ASSERT_TRUE(more ? caller.call_more(name, parameters) : caller.call(name, parameters));
    }
    // "api running ok", with the message behind it when there is one.
    std::vector<std::string> outcomes(size_t answer = 0) const {
        std::vector<std::string> lines;
        for (const Json& outcome : caller.answers.at(answer)["parameters"]["outcomes"].as_array()) {
            const std::string& message = outcome["message"].as_string();
            lines.push_back(outcome["name"].as_string() + " " + outcome["state"].as_string() +
                            (outcome["ok"].as_bool() ? " ok" : " failed") +
                            (message.empty() ? "" : ": " + message));
        }
        return lines;
    }
};

constexpr const char* kApi = R"({"names":["api"],"wait":true})";

TEST_F(ControlWait, StartIsAnsweredWhenTheServiceRuns) {
    const ServiceId api = backend.add("api");
    backend.on_wish = [&](const std::string&, ServiceId) {
        backend.set_state(api, State::starting, "asked");
    };
    begin("Start", kApi);
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::running, "ready");
    EXPECT_TRUE(caller.is_finished());
    EXPECT_THAT(outcomes(), ElementsAre("api running ok"));
}

TEST_F(ControlWait, StartOfAOneShotIsAnsweredWhenItCompleted) {
    const ServiceId api = backend.add("api", State::starting);
    backend.config_of(api).oneshot = true;
    begin("Start", kApi);
    backend.set_state(api, State::running, "begun");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::completed, "exited with 0");
    EXPECT_THAT(outcomes(), ElementsAre("api completed ok"));
}

TEST_F(ControlWait, StartOfWhatRunsSaysSo) {
    backend.add("api", State::running);
    begin("Start", kApi);
    EXPECT_THAT(outcomes(), ElementsAre("api running ok: already running"));
}

TEST_F(ControlWait, AFailureIsAnsweredWithItsReason) {
    const ServiceId api = backend.add("api", State::starting);
    begin("Start", kApi);
    backend.set_state(api, State::backoff, "chdir /nope: No such file or directory");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::failed, "chdir /nope: No such file or directory");
    EXPECT_THAT(outcomes(), ElementsAre("api failed failed: chdir /nope: No such file or directory"));
}

TEST_F(ControlWait, StartEndsWhenSomeoneStopsTheService) {
    const ServiceId api = backend.add("api", State::waiting);
    begin("Start", kApi);
    backend.facts_of(api).wanted = Wanted::down;
    backend.set_state(api, State::stopped, "stopped by uid 0");
    EXPECT_THAT(outcomes(), ElementsAre("api stopped failed: stopped by uid 0"));
}

TEST_F(ControlWait, AStopOfSeveralMissesNothingThatTheFirstTakesAlong) {
    const ServiceId db = backend.add("db", State::running);
    const ServiceId api = backend.add("api", State::running);
    backend.facts_of(db).wanted = backend.facts_of(api).wanted = Wanted::up;
    backend.on_wish = [&](const std::string&, ServiceId id) {
        backend.facts_of(id).wanted = Wanted::down;
        if (id == db) backend.set_state(api, State::stopping, "requires db, which is to be down");
    };
    begin("Stop", R"({"names":["db","api"],"wait":true})");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::stopped, "stopped by uid 0");
    backend.set_state(db, State::stopped, "stopped by uid 0");
    EXPECT_THAT(outcomes(), ElementsAre("db stopped ok", "api stopped ok"));
}

TEST_F(ControlWait, StartThatWasRefusedIsAnsweredAtOnce) {
    const ServiceId api = backend.add("api");
    backend.facts_of(api).reason.assign("the daemon is stopping");
    begin("Start", kApi);
    EXPECT_THAT(outcomes(), ElementsAre("api stopped failed: the daemon is stopping"));
}

TEST_F(ControlWait, ServicesAreAnsweredTogetherInTheOrderNamed) {
    const ServiceId a = backend.add("a", State::starting), b = backend.add("b", State::starting);
    begin("Start", R"({"names":["b","a"],"wait":true})");
    backend.set_state(b, State::failed, "bad");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(a, State::running, "ready");
    EXPECT_THAT(outcomes(), ElementsAre("b failed failed: bad", "a running ok"));
}

TEST_F(ControlWait, StopIsAnsweredWhenTheServiceIsDown) {
    const ServiceId api = backend.add("api", State::running);
    backend.on_wish = [&](const std::string&, ServiceId) {
        backend.set_state(api, State::stopping, "asked");
    };
    begin("Stop", kApi);
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(api, State::stopped, "stopped");
    EXPECT_THAT(outcomes(), ElementsAre("api stopped ok"));
}

TEST_F(ControlWait, StopThatTakesNoTimeIsNotCalledAnEarlierOne) {
    const ServiceId api = backend.add("api", State::waiting);
    backend.on_wish = [&](const std::string&, ServiceId) { backend.set_state(api, State::stopped, "asked"); };
    begin("Stop", kApi);
    EXPECT_THAT(outcomes(), ElementsAre("api stopped ok"));
    backend.on_wish = [](const std::string&, ServiceId) {};
    begin("Stop", kApi);
    EXPECT_THAT(outcomes(), ElementsAre("api stopped ok: already stopped"));
}

TEST_F(ControlWait, StopEndsWhenSomeoneStartsTheServiceAgain) {
    const ServiceId api = backend.add("api", State::stopping);
    begin("Stop", kApi);
    backend.facts_of(api).wanted = Wanted::up;
    backend.set_state(api, State::waiting, "started by uid 0");
    EXPECT_THAT(outcomes(), ElementsAre("api waiting failed: started by uid 0"));
}

TEST_F(ControlWait, RestartIsNotAnsweredByTheProcessThatRanBefore) {
    const ServiceId api = backend.add("api", State::running);
    begin("Restart", kApi);
    EXPECT_FALSE(caller.is_finished());  // others are stopped first, so it still runs
    backend.set_state(api, State::stopping, "asked");
    backend.set_state(api, State::starting, "asked");
    backend.set_state(api, State::running, "ready");
    EXPECT_THAT(outcomes(), ElementsAre("api running ok"));
}

TEST_F(ControlWait, ARepeatedRequestOnlyWaitsForTheGoal) {
    const ServiceId api = backend.add("api");
    const char* parameters = R"({"names":["api"],"wait":true,"request_id":"x"})";
    backend.on_wish = [&](const std::string&, ServiceId) {
        backend.set_state(api, State::starting, "asked");
    };
    begin("Start", parameters);
    begin("Start", parameters);
    EXPECT_EQ(backend.asked, std::vector<std::string>{"start api"});
    backend.set_state(api, State::running, "ready");
    EXPECT_THAT(outcomes(), ElementsAre("api running ok"));
}

TEST_F(ControlWait, WithMoreEachStepIsTold) {
    const ServiceId api = backend.add("api"), other = backend.add("other");
    backend.on_wish = [&](const std::string&, ServiceId) {
        backend.set_state(api, State::starting, "asked");
    };
    begin("Start", kApi, /*more=*/true);
    backend.set_state(other, State::running, "not ours");
    backend.set_state(api, State::running, "ready");
    ASSERT_EQ(caller.answers.size(), 3u);
    EXPECT_THAT(outcomes(0), ElementsAre("api starting ok: asked"));
    EXPECT_THAT(outcomes(1), ElementsAre("api running ok: ready"));
    EXPECT_THAT(outcomes(2), ElementsAre("api running ok"));
    EXPECT_TRUE(caller.answers[1]["continues"].as_bool());
    EXPECT_FALSE(caller.answers[2].has("continues"));
}

TEST_F(ControlWait, StepsDoNotPileUpForWhoDoesNotRead) {
    const ServiceId api = backend.add("api", State::starting);
    begin("Start", kApi, /*more=*/true);
    caller.set_congested(true);
    for (int i = 0; i < 10; ++i) backend.set_state(api, State::backoff, "crashed");
    EXPECT_TRUE(caller.answers.empty());
    backend.set_state(api, State::running, "ready");
    EXPECT_THAT(outcomes(), ElementsAre("api running ok"));
}

TEST_F(ControlWait, ACallerThatGoesAwayIsForgotten) {
    const ServiceId api = backend.add("api", State::starting);
    begin("Start", kApi);
    caller.hang_up();
    backend.set_state(api, State::running, "ready");
    EXPECT_TRUE(caller.answers.empty());
}

TEST_F(ControlWait, NothingIsAnsweredTwice) {
    const ServiceId api = backend.add("api", State::starting);
    begin("Start", kApi);
    backend.set_state(api, State::running, "ready");
    backend.set_state(api, State::stopping, "asked");
    backend.set_state(api, State::stopped, "done");
    EXPECT_EQ(caller.answers.size(), 1u);
}

TEST_F(ControlWait, WaitLooksForRunningOrCompletedByDefault) {
    const ServiceId a = backend.add("a", State::running), b = backend.add("b", State::failed);
    begin("Wait", R"({"names":["a","b"]})");
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(a, State::stopped, "it was there once");
    backend.set_state(b, State::completed, "done");
    const Json& services = caller.answers.at(0)["parameters"]["services"];
    EXPECT_EQ(services.as_array().at(0)["state"].as_string(), "stopped");
    EXPECT_EQ(services.as_array().at(1)["state"].as_string(), "completed");
}

TEST_F(ControlWait, WaitForAStateSeesOneThatDoesNotLast) {
    const ServiceId api = backend.add("api", State::running);
    begin("Wait", R"({"names":["api"],"state":"backoff"})");
    backend.set_state(api, State::backoff, "exited");
    EXPECT_TRUE(caller.is_finished());
    begin("Wait", R"({"names":["api"],"state":"runing"})");
    EXPECT_EQ(caller.answers.at(0)["parameters"]["message"].as_string(),
              "there is no state \"runing\"; did you mean \"running\"?");
}

TEST_F(ControlWait, WaitTimesOutWithWhatIsMissing) {
    backend.add("a", State::starting);
    backend.add("b", State::waiting);
    begin("Wait", R"({"names":["a","b"],"timeout_ms":1500})");
    ASSERT_EQ(backend.alarms.size(), 1u);
    EXPECT_EQ(backend.alarms.front().after, std::chrono::milliseconds(1500));
    backend.alarms.front().callback();
    EXPECT_EQ(caller.answers.at(0)["error"].as_string(), "org.yardmaster.TimedOut");
    EXPECT_EQ(caller.answers.at(0)["parameters"]["message"].as_string(),
              "a is starting, and 1 more are not there yet");
    EXPECT_TRUE(caller.is_finished());
}

TEST_F(ControlWait, AnAnsweredWaitNeedsNoAlarm) {
    const ServiceId api = backend.add("api", State::running);
    begin("Wait", R"({"names":["api"],"timeout_ms":0})");
    EXPECT_TRUE(caller.is_finished());
    EXPECT_TRUE(backend.alarms.empty());
    begin("Wait", R"({"names":["api"],"state":"stopped","timeout_ms":9223372036854775807})");
    backend.set_state(api, State::stopped, "done");
    caller.hang_up();
    EXPECT_TRUE(backend.alarms.front().cancelled);
    EXPECT_GT(backend.alarms.front().after, Duration(0));
    begin("Wait", R"({"names":["api"],"timeout_ms":-1})");
    EXPECT_EQ(caller.answers.at(0)["parameters"]["parameter"].as_string(), "timeout_ms");
}

}  // namespace
}  // namespace yard::engine::control
