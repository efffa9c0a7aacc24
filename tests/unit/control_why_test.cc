// Why: the chain of reasons, in sentences.
#include <gmock/gmock.h>

#include "engine/control/why.h"
#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct ControlWhy : ControlTest {
    // A service that has been in its state for `age`.
    ServiceFacts& add(const std::string& name, State state, Duration age, const std::string& reason) {
        const ServiceId id = backend.add(name, state);
        ServiceFacts& facts = backend.facts_of(id);
        facts.since_ns = (backend.boot.time_since_epoch() - age).count();
        facts.reason.assign(reason);
        facts.fresh = false;
        return facts;
    }
    int64_t in(Duration time) const { return (backend.boot.time_since_epoch() + time).count(); }
    // "api TEXT: BECAUSE -> BECAUSE"
    std::vector<std::string> why(const std::string& names) {
        std::vector<std::string> lines;
        const Json answer = caller.ask("org.yardmaster.Why", R"({"names":)" + names + "}");
        for (const Json& link : answer["parameters"]["chain"].as_array()) {
            std::string line = link["service"].as_string() + " " + link["text"].as_string();
            const char* before = ": ";
            for (const Json& sentence : link["because"].as_array()) {
                line += before + sentence.as_string();
                before = " -> ";
            }
            lines.push_back(line);
        }
        return lines;
    }
};

TEST_F(ControlWhy, BackoffNamesTheEndThePolicyTheCountAndTheDelay) {
    ServiceFacts& api =
        add("api", State::backoff, 200ms, "killed by SIGSEGV after 3s; restart 3 after 400ms");
    api.exit = ExitStatus::from_signal(11);
    api.books.window_count = 3;
    api.deadline = Deadline::backoff;
    api.deadline_ns = in(200ms);
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api is in backoff for 200ms: killed by SIGSEGV after 3s -> restart policy on-failure -> "
                    "failure 3 of 5 allowed in 1m -> waits 400ms (200ms left)"));
}

TEST_F(ControlWhy, AGoodEndInBackoffIsNoFailure) {
    ServiceFacts& api = add("api", State::backoff, 1s, "exit 0 after 3s; restart 1 after 2s");
    backend.config_of(0).restart.when = conf::RestartPolicy::When::always;
    api.exit = ExitStatus::from_exit_code(0);
    api.deadline = Deadline::backoff;
    api.deadline_ns = in(1s);
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api is in backoff for 1s: exit 0 after 3s -> restart policy always -> a good end is "
                    "restarted too -> waits 2s (1s left)"));
}

TEST_F(ControlWhy, WaitingIsFollowedDownToTheRoot) {
    add("api", State::waiting, 3s, "waiting for db to be ready");
    add("bystander", State::running, 1s, "");
    ServiceFacts& db = add("db", State::starting, 3s, "needed by api");
    db.phase = Phase::awaiting_ready;
    db.pid = 77;
    db.deadline = Deadline::start_timeout;
    db.deadline_ns = in(27s);
    backend.trouble = "tcp 127.0.0.1:5432: Connection refused";
    backend.blockers_of[0] = {{2, "waiting for db to be ready"}};
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api waits for 3s: waiting for db to be ready",
                    "db is starting for 3s: needed by api -> process 77 runs and is not ready yet: tcp "
                    "127.0.0.1:5432: Connection refused -> counts as failed in 27s"));
}

TEST_F(ControlWhy, EveryBlockerIsNamedAndEachServiceExplainedOnce) {
    add("api", State::waiting, 3s, "waiting for db to be ready");
    add("db", State::stopped, 5s, "stopped by uid 0 (pid 1)");
    add("cache", State::waiting, 3s, "waiting for db to be ready");
    backend.blockers_of[0] = {{1, "waiting for db to be ready"}, {2, "waiting for cache to be ready"}};
    backend.blockers_of[2] = {{1, "waiting for db to be ready"}, {0, "waiting for api to be ready"}};
    EXPECT_THAT(why(R"(["api"])"),
                ElementsAre("api waits for 3s: waiting for db to be ready -> waiting for cache to be ready",
                            "db is stopped for 5s: stopped by uid 0 (pid 1)",
                            "cache waits for 3s: waiting for db to be ready -> waiting for api to be ready"));
}

TEST_F(ControlWhy, StoppedSaysWhoAndWhen) {
    add("api", State::stopped, 3min, "stopped by uid 1000 (alice, pid 42)").hold = Hold::manual;
    EXPECT_THAT(why(R"(["api"])"), ElementsAre("api is stopped for 3m: stopped by uid 1000 (alice, pid 42)"));
}

TEST_F(ControlWhy, NeverStartedSaysSo) {
    backend.add("api");
    backend.config_of(0).autostart = false;
    EXPECT_THAT(why(R"(["api"])"), ElementsAre("api was never started: autostart is false"));
}

TEST_F(ControlWhy, AGoodEndThatIsLeftAloneNamesThePolicy) {
    add("api", State::stopped, 1s, "exit 0 after 3s").exit = ExitStatus::from_exit_code(0);
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api is stopped for 1s: exit 0 after 3s -> restart policy on-failure leaves a good end "
                    "alone"));
}

TEST_F(ControlWhy, FailedByTheLimitSaysWhatToDo) {
    add("api", State::failed, 1min, "failed 5 times in 12s; last: exit 1 after 3ms").hold = Hold::limit;
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api failed 1m ago: failed 5 times in 12s; last: exit 1 after 3ms -> no more than 5 "
                    "failures are allowed in 1m -> \"ctl start api\" tries again"));
}

TEST_F(ControlWhy, StoppingSaysWhatWasSentAndWhatFollows) {
    ServiceFacts& api = add("api", State::stopping, 2s, "stopped by uid 0 (pid 1)");
    api.phase = Phase::stop_signal;
    api.deadline = Deadline::stop_timeout;
    api.deadline_ns = in(8s);
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre("api is stopping for 2s: stopped by uid 0 (pid 1) -> SIGTERM was sent -> SIGKILL follows "
                    "in 8s"));
}

TEST_F(ControlWhy, RunningSaysSinceWhenAndWhatItWasBefore) {
    const ServiceId api = backend.add("api"), other = backend.add("other");
    backend.set_state(api, State::starting, "started with the daemon");
    backend.set_state(api, State::running, "started with the daemon");
    backend.set_state(api, State::backoff, "exit 1 after 3ms; restart 1 after 100ms");
    backend.set_state(other, State::starting, "noise");
    backend.set_state(api, State::waiting, "waiting for db to be ready");
    backend.set_state(api, State::starting, "what it waited for is there");
    backend.set_state(api, State::running, "what it waited for is there");
    ServiceFacts& facts = backend.facts_of(api);
    facts.since_ns = in(-5min);
    facts.pid = 77;
    facts.restarts = 1;
    facts.wanted = Wanted::up;
    EXPECT_THAT(
        why(R"(["api"])"),
        ElementsAre(
            "api runs for 5m as process 77: what it waited for is there -> before that it was backoff: "
            "exit 1 after 3ms; restart 1 after 100ms -> restarts since it was last asked to start: 1"));
}

TEST_F(ControlWhy, ARestartAtOnceNamesItsCauseOnce) {
    const ServiceId api = backend.add("api");
    backend.set_state(api, State::running, "started with the daemon");
    backend.set_state(api, State::starting, "killed by SIGKILL after 1m; restart 1 at once");
    backend.set_state(api, State::running, "killed by SIGKILL after 1m; restart 1 at once");
    ServiceFacts& facts = backend.facts_of(api);
    facts.since_ns = in(-1s);
    facts.pid = 77;
    EXPECT_THAT(why(R"(["api"])"),
                ElementsAre("api runs for 1s as process 77: killed by SIGKILL after 1m; restart 1 at once"));
}

TEST_F(ControlWhy, WhatIsToStopSaysWhoWantsThatAndWhatHoldsItUp) {
    const ServiceId db = backend.add("db"), api = backend.add("api", State::stopping);
    backend.set_state(db, State::running, "started with the daemon");
    ServiceFacts& facts = backend.facts_of(db);
    facts.since_ns = in(-1s);
    facts.pid = 77;
    facts.restarts = 1;
    facts.wanted = Wanted::down;
    facts.reason.assign("stopped by uid 0 (pid 1)");
    backend.blockers_of[db] = {{api, "its stop waits for api to be down"}};
    EXPECT_THAT(
        why(R"(["db"])").at(0),
        "db runs for 1s as process 77: stopped by uid 0 (pid 1) -> its stop waits for api to be down");
}

TEST_F(ControlWhy, OnlyKnownNamesAreExplained) {
    backend.add("api");
    EXPECT_EQ(caller.ask("org.yardmaster.Why", R"({"names":["apo"]})")["error"].as_string(),
              "org.yardmaster.NoSuchService");
    EXPECT_EQ(caller.ask("org.yardmaster.Why", R"({"names":[]})")["error"].as_string(),
              "org.yardmaster.InvalidValue");
}

}  // namespace
}  // namespace yard::engine::control
