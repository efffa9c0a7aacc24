// Methods that are answered at once.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ControlMethods : ControlTest {
    std::vector<std::string> names_in_status(const std::string& parameters) {
        std::vector<std::string> names;
        const Json answer = caller.ask("org.yardmaster.Status", parameters);
        for (const Json& service : answer["parameters"]["services"].as_array()) {
            names.push_back(service["name"].as_string());
        }
        return names;
    }
    Json outcome(const std::string& method, const std::string& parameters) {
        return caller.ask(method, parameters)["parameters"]["outcomes"].as_array().at(0);
    }
};

TEST_F(ControlMethods, StatusHasEveryFieldOfARunningService) {
    const ServiceId id = backend.add("api", State::running);
    ServiceFacts& facts = backend.facts_of(id);
    facts.started_ns = Duration(std::chrono::milliseconds(98'750)).count();
    facts.since_wall_ns = Duration(std::chrono::milliseconds(1'500)).count();
    facts.restarts = 3;
    facts.notify_ignored = 2;
    facts.exit = ExitStatus::from_signal(SIGKILL);
    facts.reason.assign("ready");
    facts.status_text.assign("serving");
    backend.config_of(id).nice = 5;
    backend.config_of(id).description = "the API";
    backend.config_of(id).ipc = {{"jobs", conf::ObjectUse::consume}};
    EXPECT_EQ(
        caller.ask("org.yardmaster.Status")["parameters"].dump(),
        R"({"services":[{"name":"api","state":"running","wanted":"up","pid":100,)"
        R"("since":"1970-01-01T00:00:01.500Z","uptime_s":1.25,"restarts":3,"exit":{"signal":"SIGKILL"},"nice":5,)"
        R"("reason":"ready","status_text":"serving","description":"the API","log_problem":"disk full","log_dropped_bytes":7,)"
        R"("notify_ignored":2,"ipc":{"jobs":"consume"}}]})");
}

TEST_F(ControlMethods, StatusOfAServiceThatNeverRan) {
    backend.add("api");
    const Json service = caller.ask("org.yardmaster.Status")["parameters"]["services"].as_array().at(0);
    EXPECT_EQ(service["state"].as_string(), "stopped");
    EXPECT_TRUE(service["pid"].is_null());
    EXPECT_TRUE(service["exit"].is_null());
    EXPECT_TRUE(service["nice"].is_null());
    EXPECT_EQ(service["uptime_s"].as_double(-1), 0);
}

TEST_F(ControlMethods, ExitSaysCodeSignalOrUnknown) {
    const ServiceId id = backend.add("api");
    const auto exit = [&](ExitStatus status) {
        backend.facts_of(id).exit = status;
        return caller.ask("org.yardmaster.Status")["parameters"]["services"].as_array().at(0)["exit"].dump();
    };
    EXPECT_EQ(exit(ExitStatus::from_exit_code(0)), R"({"code":0})");
    EXPECT_EQ(exit(ExitStatus::from_signal(SIGTERM)), R"({"signal":"SIGTERM"})");
    EXPECT_EQ(exit(ExitStatus::unknown()), R"({"unknown":true})");
}

TEST_F(ControlMethods, NamesMayBeGlobsAndServicesWithInstances) {
    for (const char* name : {"api", "worker@1", "worker@2", "web"}) backend.add(name);
    EXPECT_THAT(names_in_status("{}"), ElementsAre("api", "worker@1", "worker@2", "web"));
    EXPECT_THAT(names_in_status(R"({"names":["worker"]})"), ElementsAre("worker@1", "worker@2"));
    EXPECT_THAT(names_in_status(R"({"names":["w*","api","worker@2"]})"),
                ElementsAre("worker@1", "worker@2", "web", "api"));
    EXPECT_THAT(names_in_status(R"({"names":[]})"), ElementsAre());
}

TEST_F(ControlMethods, UnknownNameNamesTheNearestAndChangesNothing) {
    for (const char* name : {"api", "worker@1"}) backend.add(name);
    const Json answer = caller.ask("org.yardmaster.Start", R"({"names":["api","wroker"]})");
    EXPECT_EQ(answer["error"].as_string(), "org.yardmaster.NoSuchService");
    EXPECT_EQ(answer["parameters"].dump(), R"({"name":"wroker","nearest":"worker"})");
    EXPECT_FALSE(caller.ask("org.yardmaster.Show", R"({"name":"zebra"})")["parameters"].has("nearest"));
    EXPECT_EQ(caller.ask("org.yardmaster.Status", R"({"names":["x*"]})")["error"].as_string(),
              "org.yardmaster.NoSuchService");
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(ControlMethods, WithoutWaitTheWishIsAnsweredAtOnce) {
    const ServiceId id = backend.add("api");
    backend.on_wish = [&](const std::string&, ServiceId) { backend.set_state(id, State::starting, "asked"); };
    EXPECT_EQ(outcome("org.yardmaster.Start", R"({"names":["api"]})").dump(),
              R"({"name":"api","ok":true,"state":"starting","message":""})");
    EXPECT_EQ(backend.last_cause, "started by uid 1000 (pid 42)");
}

TEST_F(ControlMethods, WhatGoesAlongIsToldAfterWhatWasNamed) {
    const ServiceId api = backend.add("api", State::running), db = backend.add("db", State::running);
    backend.add("other", State::running);
    backend.on_wish = [&](const std::string&, ServiceId) {
        backend.facts_of(api).hold = Hold::dependency;
        backend.set_state(api, State::stopping, "requires db");
        backend.set_state(db, State::stopping, "asked");
    };
    const Json answer = caller.ask("org.yardmaster.Stop", R"({"names":["db"]})");
    EXPECT_EQ(answer["parameters"].dump(),
              R"({"outcomes":[{"name":"db","ok":true,"state":"stopping","message":""},)"
              R"({"name":"api","ok":true,"state":"stopping","message":"requires db","along":true}]})");
}

TEST_F(ControlMethods, ChangingNothingInParticularIsRefused) {
    backend.add("api");
    for (const char* method : {"Start", "Stop", "Restart", "Kill", "Wait"}) {
        const Json answer = caller.ask(std::string("org.yardmaster.") + method, R"({"names":[]})");
        EXPECT_EQ(answer["parameters"]["parameter"].as_string(), "names") << method;
    }
}

TEST_F(ControlMethods, RequestIdIsAppliedOnce) {
    backend.add("api", State::running);
    const std::string parameters = R"({"names":["api"],"request_id":"0123456789abcdef"})";
    EXPECT_TRUE(outcome("org.yardmaster.Restart", parameters)["ok"].as_bool());
    EXPECT_TRUE(outcome("org.yardmaster.Restart", parameters)["ok"].as_bool());
    EXPECT_EQ(backend.asked, std::vector<std::string>{"restart api"});
    caller.ask("org.yardmaster.Shutdown", R"({"request_id":"x"})");
    caller.ask("org.yardmaster.Shutdown", R"({"request_id":"x"})");
    EXPECT_THAT(backend.asked, ElementsAre("restart api", "shutdown"));
}

TEST_F(ControlMethods, ARefusedCallDoesNotUseUpItsRequestId) {
    backend.add("api");
    caller.ask("org.yardmaster.Start", R"({"names":["nope"],"request_id":"x"})");
    caller.ask("org.yardmaster.Start", R"({"names":["api"],"request_id":"x"})");
    EXPECT_THAT(backend.asked, ElementsAre("start api"));
}

TEST_F(ControlMethods, RequestIdOfAbsurdLengthIsRefused) {
    backend.add("api");
    for (const std::string& id : {std::string(), std::string(65, 'x')}) {
        const Json answer = caller.ask("org.yardmaster.Start",
                                       Json().set("names", Json::Array{"api"}).set("request_id", id).dump());
        EXPECT_EQ(answer["parameters"]["parameter"].as_string(), "request_id");
    }
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(ControlMethods, KillSendsTheStopSignalByDefault) {
    const ServiceId id = backend.add("api", State::running);
    backend.config_of(id).stop.signal = SIGQUIT;
    caller.ask("org.yardmaster.Kill", R"({"names":["api"]})");
    backend.config_of(id).stop.to_tree = true;
    caller.ask("org.yardmaster.Kill", R"({"names":["api"]})");
    caller.ask("org.yardmaster.Kill", R"({"names":["api"],"tree":false})");
    EXPECT_THAT(backend.asked, ElementsAre("signal api 3", "signal api 3 tree", "signal api 3"));
    EXPECT_EQ(backend.last_cause, "uid 1000 (pid 42)");
}

TEST_F(ControlMethods, KillTakesASignalByName) {
    backend.add("api", State::running);
    caller.ask("org.yardmaster.Kill", R"({"names":["api"],"signal":"usr1","tree":true})");
    EXPECT_THAT(backend.asked, ElementsAre("signal api " + std::to_string(SIGUSR1) + " tree"));
    const Json answer = caller.ask("org.yardmaster.Kill", R"({"names":["api"],"signal":"TREM"})");
    EXPECT_THAT(answer["parameters"]["message"].as_string(), HasSubstr("did you mean SIGTERM?"));
}

TEST_F(ControlMethods, KillReportsWhatFailedForEach) {
    backend.add("api");
    backend.next_status = fail("not running");
    const Json result = outcome("org.yardmaster.Kill", R"({"names":["api"]})");
    EXPECT_FALSE(result["ok"].as_bool(true));
    EXPECT_EQ(result["message"].as_string(), "not running");
}

TEST_F(ControlMethods, ReniceChecksItsRange) {
    backend.add("api", State::running);
    for (const char* nice : {"-21", "20", "4294967296"}) {
        const Json answer =
            caller.ask("org.yardmaster.Renice", std::string(R"({"names":["api"],"nice":)") + nice + "}");
        EXPECT_EQ(answer["error"].as_string(), "org.yardmaster.InvalidValue") << nice;
    }
    EXPECT_TRUE(outcome("org.yardmaster.Renice", R"({"names":["api"],"nice":-20})")["ok"].as_bool());
    EXPECT_THAT(backend.asked, ElementsAre("renice api -20"));
}

TEST_F(ControlMethods, ReniceThatTheDaemonMayNotDoIsRefused) {
    backend.add("api", State::running);
    backend.next_status = fail(system_error("set nice -5 for", "process 7", EACCES));
    EXPECT_EQ(outcome("org.yardmaster.Renice", R"({"names":["api"],"nice":-5})").dump(),
              R"({"name":"api","ok":false,"state":"running",)"
              R"("message":"set nice -5 for process 7: Permission denied","refused":true})");
    backend.next_status = fail(system_error("set nice -5 for", "process 7", EINVAL));
    EXPECT_FALSE(outcome("org.yardmaster.Renice", R"({"names":["api"],"nice":-5})").has("refused"));
}

TEST_F(ControlMethods, PsAndShowAndVersionComeFromTheBackend) {
    backend.add("api", State::running);
    EXPECT_EQ(caller.ask("org.yardmaster.Ps")["parameters"].dump(),
              R"({"processes":[{"service":"api","pid":100,"ppid":1,"state":"S","nice":5,"threads":2,)"
              R"("cpu_percent":12.5,"rss_kib":2048,"fds":null,"command":"/bin/api"}]})");
    EXPECT_EQ(caller.ask("org.yardmaster.Show", R"({"name":"api"})")["parameters"].dump(),
              R"({"config":{"name":"api"},"origins":{"name":"yard.yaml:2"}})");
    EXPECT_EQ(caller.ask("org.yardmaster.GetVersion")["parameters"].dump(), R"({"version":"0.1.0"})");
}

TEST_F(ControlMethods, DoctorTellsWhatTheBackendFound) {
    backend.add("api", State::running);
    EXPECT_EQ(caller.ask("org.yardmaster.Doctor")["parameters"].dump(),
              R"({"cgroups":true,"cgroup_reason":"cgroup v2 at /c","pid_one":true,"services":1,)"
              R"("service_limit":100,"open_files":1024,"memory_locked":true,"oom_score_adj":-1000,)"
              R"("log_folder":"/log"})");
}

TEST_F(ControlMethods, ShutdownIsAnsweredAndNamesItsCaller) {
    EXPECT_EQ(caller.ask("org.yardmaster.Shutdown").dump(), R"({"parameters":{}})");
    EXPECT_THAT(backend.asked, ElementsAre("shutdown"));
    EXPECT_EQ(backend.last_cause, "shut down by uid 1000 (pid 42)");
}

}  // namespace
}  // namespace yard::engine::control
