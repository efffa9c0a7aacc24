// Whole commands against a server that says what the test wants: requests, output, exit codes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <set>

#include "ctl/cli.h"
#include "ctl/commands.h"
#include "fakes/fake_varlink_server.h"

namespace yard::ctl {
namespace {

using fakes::Answer;
using fakes::FakeVarlinkServer;
using testing::HasSubstr;
using varlink::Json;

struct Ran {
    ExitCode code = ExitCode::done;
    std::string out, err;
};

std::string contents(int fd) {
    std::string text(static_cast<size_t>(lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
}

Ran run_at(const std::string& socket, const std::vector<std::string>& words, Terminal terminal = {}) {
    const Invocation invocation = parse_command_line(words).value();
    const UniqueFd file(memfd_create("out", MFD_CLOEXEC)), error_file(memfd_create("err", MFD_CLOEXEC));
    Output out(file.get()), err(error_file.get());
    Session session(socket, "\"ctl " + words.front() + "\"");
    Context context{invocation.arguments, session, out, err, terminal, {}};
    const Outcome outcome = invocation.command->run(context);
    EXPECT_TRUE(out.finish().ok());
    EXPECT_TRUE(err.finish().ok());
    if (outcome) return {*outcome, contents(file.get()), contents(error_file.get())};
    return {outcome.error().code, contents(file.get()), outcome.error().sentence};
}

Ran run(const FakeVarlinkServer& server, const std::vector<std::string>& words, Terminal terminal = {}) {
    return run_at(server.path(), words, terminal);
}

FakeVarlinkServer::Handler always(Answer answer) {
    return [answer](size_t, const Json&) { return answer; };
}

Json service(const char* name, const char* state) {
    return Json::Object{{"name", name}, {"state", state}};
}
Answer services(Json::Array array) {
    return fakes::reply(Json::Object{{"services", std::move(array)}});
}
Json outcome(const char* name, bool ok, const char* state, const char* message = "") {
    return Json::Object{{"name", name}, {"ok", ok}, {"state", state}, {"message", message}};
}
Answer outcomes(Json::Array array) {
    return fakes::reply(Json::Object{{"outcomes", std::move(array)}});
}

// ---- Exit codes.

TEST(ExitCodes, StatusOfANamedServiceSaysWhetherItRuns) {
    const std::pair<const char*, ExitCode> expected[] = {
        {"running", ExitCode::done},         {"completed", ExitCode::done},
        {"stopped", ExitCode::not_running},  {"waiting", ExitCode::not_running},
        {"starting", ExitCode::not_running}, {"stopping", ExitCode::not_running},
        {"backoff", ExitCode::not_running},  {"failed", ExitCode::not_running}};
    for (const auto& [state, code] : expected) {
        FakeVarlinkServer server(always(services({service("a", state)})));
        EXPECT_EQ(run(server, {"status", "a"}).code, code) << state;
        EXPECT_EQ(run(server, {"status", "a", "--json"}).code, code) << state;
        EXPECT_EQ(run(server, {"status"}).code, ExitCode::done) << state;
    }
}

TEST(ExitCodes, OneOfManyThatDoesNotRunIsEnough) {
    FakeVarlinkServer server(always(services({service("a", "running"), service("b", "failed")})));
    EXPECT_EQ(run(server, {"status", "a", "b"}).code, ExitCode::not_running);
}

TEST(ExitCodes, ErrorsOfTheInterfaceHaveTheirOwn) {
    const std::pair<const char*, ExitCode> expected[] = {
        {"org.yardmaster.NoSuchService", ExitCode::no_such_name},
        {"org.yardmaster.NotPermitted", ExitCode::not_permitted},
        {"org.yardmaster.TimedOut", ExitCode::timed_out},
        {"org.yardmaster.InvalidValue", ExitCode::usage},
        {"org.yardmaster.TooManyClients", ExitCode::unreachable},
        {"org.varlink.service.MethodNotFound", ExitCode::failed},
        {"org.other.Strange", ExitCode::failed}};
    for (const auto& [name, code] : expected) {
        FakeVarlinkServer server(always(fakes::error(name, Json::Object{})));
        for (const std::vector<std::string>& words : {std::vector<std::string>{"status", "a"},
                                                      {"start", "a"},
                                                      {"wait", "a"},
                                                      {"logs", "a"},
                                                      {"show", "a"},
                                                      {"shutdown"}}) {
            EXPECT_EQ(run(server, words).code, code) << name << " " << words[0];
        }
    }
}

TEST(ExitCodes, AFailedServiceFailsTheCommandAndTheOthersAreStillTold) {
    FakeVarlinkServer server(always(
        outcomes({outcome("a", false, "failed", "exec /x: No such file"), outcome("b", true, "running")})));
    const Ran ran = run(server, {"start", "a", "b"});
    EXPECT_EQ(ran.code, ExitCode::failed);
    EXPECT_EQ(ran.err, "a: failed, exec /x: No such file\n");
    EXPECT_EQ(ran.out, "b: running\n");
}

TEST(ExitCodes, ARefusalSaysWhichRightIsMissing) {
    FakeVarlinkServer server(always(fakes::error(
        "org.yardmaster.NotPermitted",
        Json::Object{{"role", "operate"}, {"has", "observe"}, {"method", "org.yardmaster.Stop"}})));
    const Ran ran = run(server, {"stop", "a"});
    EXPECT_EQ(ran.code, ExitCode::not_permitted);
    EXPECT_EQ(ran.err, "\"ctl stop\" needs the role operate; uid " + std::to_string(geteuid()) +
                           " has observe (\"access:\" in the daemon's configuration gives roles)");
}

TEST(ExitCodes, WhatTheDaemonMayNotDoIsNotPermitted) {
    Json refused = outcome("a", false, "running", "set nice -5 for process 7: Permission denied");
    refused.set("refused", true);
    FakeVarlinkServer server(always(outcomes({refused})));
    const Ran ran = run(server, {"renice", "a", "-5"});
    EXPECT_EQ(ran.code, ExitCode::not_permitted);
    EXPECT_EQ(ran.err, "a: running, set nice -5 for process 7: Permission denied\n");
}

TEST(ExitCodes, NobodyListeningSaysHowToStartADaemonAndWhichSocketWasTried) {
    const Ran ran = run_at("/nonexistent/control.sock", {"status"});
    EXPECT_EQ(ran.code, ExitCode::unreachable);
    EXPECT_THAT(ran.err, HasSubstr("/nonexistent/control.sock; start one with \"supervisord -c FILE\""));
}

TEST(ExitCodes, ASocketThatMayNotBeOpenedIsNotPermitted) {
    if (geteuid() == 0) GTEST_SKIP() << "root may open every socket";
    FakeVarlinkServer server(always(fakes::reply(Json::Object{})));
    ASSERT_EQ(chmod(server.path().c_str(), 0), 0);
    EXPECT_EQ(run(server, {"ping"}).code, ExitCode::not_permitted);
}

TEST(ExitCodes, GarbageIsNotTheDaemon) {
    FakeVarlinkServer server(always({std::string("HTTP/1.1 400\0", 13)}));
    const Ran ran = run(server, {"ping"});
    EXPECT_EQ(ran.code, ExitCode::unreachable);
    EXPECT_THAT(ran.err, HasSubstr("is not the daemon"));
}

TEST(ExitCodes, WrongValuesAreFoundBeforeAnybodyIsAsked) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"renice", "a", "20"},
                                                  {"renice", "a", "-21"},
                                                  {"kill", "-s", "TRM", "a"},
                                                  {"kill"},
                                                  {"wait", "a", "--for", "stoped"},
                                                  {"logs", "-n", "-1"}}) {
        EXPECT_EQ(run_at("/nonexistent", words).code, ExitCode::usage) << words[0];
    }
    EXPECT_THAT(run_at("/nonexistent", {"kill", "-s", "TRM", "a"}).err, HasSubstr("did you mean TERM?"));
    EXPECT_THAT(run_at("/nonexistent", {"wait", "a", "--for", "stoped"}).err,
                HasSubstr("did you mean \"stopped\"?"));
}

TEST(Errors, NameTheNearestServiceOrHowToFindOne) {
    const auto sentence = [](Json parameters) {
        FakeVarlinkServer server(always(fakes::error("org.yardmaster.NoSuchService", std::move(parameters))));
        return run(server, {"stop", "ap"}).err;
    };
    EXPECT_EQ(sentence(Json::Object{{"name", "ap"}, {"nearest", "api"}}),
              "no service is called \"ap\"; did you mean \"api\"?");
    EXPECT_EQ(sentence(Json::Object{{"name", "ap"}}),
              "no service is called \"ap\"; \"ctl status\" lists those there are");
}

// ---- Requests.

TEST(Requests, WhatChangesSomethingCarriesAFreshRequestId) {
    FakeVarlinkServer server(always(outcomes({})));
    for (const std::vector<std::string>& words : {std::vector<std::string>{"start", "a"},
                                                  {"stop", "a"},
                                                  {"restart", "a"},
                                                  {"kill", "a"},
                                                  {"renice", "a", "1"},
                                                  {"shutdown", "--no-wait"}}) {
        EXPECT_EQ(run(server, words).code, ExitCode::done);
    }
    std::set<std::string> ids;
    for (const Json& request : server.requests()) ids.insert(request["parameters"]["request_id"].as_string());
    EXPECT_EQ(ids.size(), 6u);
    EXPECT_FALSE(ids.contains(""));
}

TEST(Requests, AnEngineThatDiedIsAskedAgainWithTheSameId) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return nth == 0 ? fakes::hang_up() : outcomes({outcome("a", true, "running")});
    });
    EXPECT_EQ(run(server, {"start", "a"}).code, ExitCode::done);
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].dump(), requests[1].dump());
}

TEST(Requests, CarryWhatWasTyped) {
    FakeVarlinkServer server(always(outcomes({})));
    run(server, {"start", "a", "b"});
    run(server, {"stop", "a", "--no-wait"});
    run(server, {"kill", "-HUP", "a", "--tree"});
    run(server, {"renice", "a", "-3"});
    const auto parameters = [&](size_t i) { return server.requests().at(i)["parameters"]; };
    EXPECT_EQ(parameters(0)["names"].dump(), R"(["a","b"])");
    EXPECT_TRUE(parameters(0)["wait"].as_bool());
    EXPECT_TRUE(parameters(1).has("wait"));
    EXPECT_FALSE(parameters(1)["wait"].as_bool());
    EXPECT_EQ(parameters(2)["signal"].as_string(), "SIGHUP");
    EXPECT_TRUE(parameters(2)["tree"].as_bool());
    EXPECT_EQ(parameters(3)["nice"].as_int(), -3);
}

TEST(Requests, WithoutNamesNoneAreSent) {
    FakeVarlinkServer server(always(services({})));
    run(server, {"status"});
    EXPECT_EQ(server.requests().at(0).dump(),
              R"({"method":"org.yardmaster.Status","parameters":{},"more":true})");
}

TEST(Requests, WaitAsksAgainOnlyForTheTimeThatIsLeft) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return nth == 0 ? fakes::hang_up() : services({service("a", "stopped")});
    });
    const Ran ran = run(server, {"wait", "a", "--for", "stopped", "--timeout", "1h"});
    EXPECT_EQ(ran.out, "a: stopped\n");
    const auto timeout = [&](size_t i) {
        return server.requests().at(i)["parameters"]["timeout_ms"].as_int();
    };
    EXPECT_LE(timeout(0), 3'600'000);
    EXPECT_LE(timeout(1), timeout(0));
    EXPECT_GT(timeout(1), 3'000'000);
}

TEST(Status, BeginsAnewWhenTheEngineRestartsBetweenTwoReplies) {
    FakeVarlinkServer server([](size_t nth, const Json& request) {
        EXPECT_TRUE(request["more"].as_bool());
        const std::string first =
            fakes::progress(Json::Object{{"services", Json::Array{service("a", "running")}}});
        if (nth == 0) return Answer{first, true};
        return Answer{first + services({service("b", "running")}).bytes};
    });
    const Ran ran = run(server, {"status"});
    EXPECT_EQ(ran.out,
              "NAME  STATE    PID  SINCE  RESTARTS  EXIT  NICE  REASON/STATUS\n"
              "a     running    -      -         -     -     -\n"
              "b     running    -      -         -     -     -\n");
}

// ---- Output.

TEST(StatusCommand, OneNameGivesDetailsMoreAPatternOrNoneATable) {
    FakeVarlinkServer server(always(services({service("web", "running")})));
    EXPECT_THAT(run(server, {"status", "web"}).out, HasSubstr("State: running"));
    EXPECT_THAT(run(server, {"status"}).out, HasSubstr("NAME"));
    EXPECT_THAT(run(server, {"status", "w*"}).out, HasSubstr("NAME"));
}

TEST(StatusCommand, JsonIsAnArrayEvenOfNothing) {
    FakeVarlinkServer server(always(services({})));
    EXPECT_EQ(run(server, {"status", "--json"}).out, "[]\n");
}

Json log_line(const char* name, const char* time, const char* text) {
    return Json::Object{{"service", name}, {"time", time}, {"line", text}};
}
Json lines(Json::Array array) {
    return Json::Object{{"lines", std::move(array)}};
}

// A daemon with web and two workers, whose configuration is their name.
Answer answer_show(const Json& request) {
    const Json& name = request["parameters"]["name"];
    if (!name.is_null()) {
        return fakes::reply(Json::Object{{"config", Json::Object{{"called", name}}},
                                         {"origins", Json::Object{{"called", "yard.yaml:2"}}}});
    }
    return services(
        {service("web", "running"), service("worker@1", "running"), service("worker@2", "failed")});
}

TEST(ShowCommand, OneNameGivesItsConfigurationSeveralOrAPatternEachUnderItsName) {
    FakeVarlinkServer server([](size_t, const Json& request) { return answer_show(request); });
    EXPECT_EQ(run(server, {"show", "db"}).out, "called: db  # yard.yaml:2\n");
    EXPECT_EQ(run(server, {"show", "db", "w*"}).out,
              "db:\n  called: db      # yard.yaml:2\nweb:\n  called: web     # yard.yaml:2\n"
              "worker:\n  called: worker  # yard.yaml:2\n");
    EXPECT_EQ(run(server, {"show", "db", "--json"}).out,
              R"({"called":"db","origins":{"called":"yard.yaml:2"}})"
              "\n");
    EXPECT_EQ(run(server, {"show", "web", "w*", "--json"}).out,
              R"({"web":{"called":"web","origins":{"called":"yard.yaml:2"}},)"
              R"("worker":{"called":"worker","origins":{"called":"yard.yaml:2"}}})"
              "\n");
}

TEST(LogsCommand, OneServiceHasNoPrefixSeveralHaveOneAndPipesGetTheBytesUnchanged) {
    FakeVarlinkServer server(
        always(fakes::reply(lines({log_line("api", "", "x\x1b[1m"), log_line("worker@1", "", "y")}))));
    EXPECT_EQ(run(server, {"logs", "api"}).out, "x\x1b[1m\nworker@1 | y\n");
    EXPECT_EQ(run(server, {"logs", "api", "worker"}).out, "api    | x\x1b[1m\nworker@1 | y\n");
}

TEST(LogsCommand, ATerminalIsNotDrivenByWhatAServiceWrites) {
    FakeVarlinkServer server(always(fakes::reply(lines({log_line("api", "", "a\tb\x1b]0;evil\x07")}))));
    EXPECT_EQ(run(server, {"logs", "api"}, {.is_tty = true, .width = 10}).out, "a\tb^[]0;evil^G\n");
}

TEST(LogsCommand, GoesOnWithANewEngineWithoutLosingOrRepeatingLines) {
    constexpr const char* kFirst = "2026-01-31T12:00:00.000Z";
    constexpr const char* kSecond = "2026-01-31T12:00:01.000Z";
    FakeVarlinkServer server([&](size_t nth, const Json&) {
        if (nth == 0)
            return Answer{fakes::progress(lines({log_line("a", kFirst, "1"), log_line("a", kSecond, "2")})),
                          true};
        return fakes::reply(
            lines({log_line("a", kFirst, "1"), log_line("a", kSecond, "2"), log_line("a", kSecond, "3")}));
    });
    EXPECT_EQ(run(server, {"logs", "-f", "-n", "10", "--grep", "x", "a"}).out, "1\n2\n3\n");
    const Json first = server.requests().at(0)["parameters"], second = server.requests().at(1)["parameters"];
    EXPECT_EQ(first["lines"].as_int(), 10);
    EXPECT_FALSE(second.has("lines"));
    EXPECT_TRUE(second["follow"].as_bool());
    EXPECT_EQ(second["grep"].as_string(), "x");
    EXPECT_GT(second["since_ms"].as_int(), 0);
}

TEST(LogsCommand, JsonIsOneObjectALine) {
    FakeVarlinkServer server(always(fakes::reply(lines({log_line("a", "t", "x"), log_line("a", "t", "y")}))));
    EXPECT_EQ(run(server, {"logs", "--json", "a"}).out,
              "{\"service\":\"a\",\"time\":\"t\",\"line\":\"x\"}\n{\"service\":\"a\",\"time\":\"t\",\"line\":"
              "\"y\"}\n");
}

TEST(LogsCommand, AReaderThatLeavesEndsTheStreamQuietly) {
    signal(SIGPIPE, SIG_IGN);
    FakeVarlinkServer server(always({fakes::progress(lines({log_line("a", "", "x")}))}));
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    const UniqueFd writing(ends[1]);
    const Invocation invocation = parse_command_line({"logs", "-f", "a"}).value();
    Output out(writing.get());
    Session session(server.path());
    Context context{invocation.arguments, session, out, out, {}, {}};
    EXPECT_EQ(invocation.command->run(context).value(), ExitCode::done);
    EXPECT_TRUE(out.finish().ok());
}

Json::Object an_event(int seq) {
    return {{"event", Json::Object{{"seq", seq},
                                   {"time", ""},
                                   {"service", "a"},
                                   {"from", "starting"},
                                   {"to", "running"},
                                   {"cause", "ready"}}}};
}

TEST(EventsCommand, PrintsWhatIsKept) {
    FakeVarlinkServer server(always({fakes::progress(an_event(4)) + fakes::reply(Json::Object{}).bytes}));
    EXPECT_EQ(run(server, {"events", "-n", "3", "--since", "2s", "a"}).out,
              "  a: starting -> running  ready\n");
    EXPECT_EQ(server.requests().at(0)["parameters"].dump(),
              R"({"names":["a"],"follow":false,"last":3,"since_ms":2000})");
}

TEST(EventsCommand, FollowsFromNowOnAndAfterTheLastEventSeen) {
    FakeVarlinkServer server([&](size_t nth, const Json&) -> Answer {
        if (nth == 0) return {fakes::progress(an_event(3)) + fakes::reply(Json::Object{}).bytes};
        if (nth == 1) return fakes::hang_up();  // before anything happened
        if (nth == 2) return {fakes::progress(an_event(4)), true};
        return fakes::reply(an_event(5));
    });
    EXPECT_EQ(run(server, {"events", "-f"}).out,
              "  a: starting -> running  ready\n  a: starting -> running  ready\n");
    const auto since = [&](size_t nth) {
        return server.requests().at(nth)["parameters"]["since_seq"].as_int(-1);
    };
    EXPECT_EQ(since(0), -1);
    EXPECT_EQ(since(1), 3);
    EXPECT_EQ(since(2), 3);
    EXPECT_EQ(since(3), 4);
}

TEST(EventsCommand, SaysHowManyEventsItMissed) {
    Json::Object late = an_event(40);
    late.emplace_back("missed", 7);
    FakeVarlinkServer server(always(fakes::reply(late)));
    const Ran ran = run(server, {"events", "--json"});
    EXPECT_EQ(ran.err, "ctl: 7 events came too fast and are missing here\n");
    EXPECT_THAT(ran.out, HasSubstr("\"seq\":40"));
}

TEST(WhyCommand, PrintsEachServiceOfTheChainWithItsReasons) {
    const Json chain =
        Json::Array{Json::Object{{"service", "api"},
                                 {"state", "waiting"},
                                 {"text", "waits for 3s"},
                                 {"because", Json::Array{"waiting for db to be ready"}}},
                    Json::Object{{"service", "db"},
                                 {"state", "backoff"},
                                 {"text", "is in backoff for 200ms"},
                                 {"because", Json::Array{"exit 1 after 3ms", "restart policy on-failure"}}}};
    FakeVarlinkServer server(always(fakes::reply(Json::Object{{"chain", chain}})));
    EXPECT_EQ(run(server, {"why", "api"}).out,
              "api waits for 3s: waiting for db to be ready\n"
              "db is in backoff for 200ms: exit 1 after 3ms -> restart policy on-failure\n");
    EXPECT_EQ(run(server, {"why", "api", "--json"}).out, chain.dump() + "\n");
}

TEST(ShutdownCommand, ADaemonThatEndsBeforeItAnswersWasShutDown) {
    FakeVarlinkServer* self = nullptr;
    FakeVarlinkServer server([&](size_t, const Json&) {
        self->stop_listening();
        return fakes::hang_up();
    });
    self = &server;
    EXPECT_EQ(run(server, {"shutdown"}).code, ExitCode::done);
}

TEST(ShutdownCommand, WaitsUntilNobodyListensAnyMore) {
    FakeVarlinkServer* self = nullptr;
    FakeVarlinkServer server([&](size_t nth, const Json&) {
        if (nth == 0) return Answer{fakes::reply(Json::Object{}).bytes, true};
        self->stop_listening();
        return fakes::hang_up();
    });
    self = &server;
    EXPECT_EQ(run(server, {"shutdown"}).code, ExitCode::done);
    EXPECT_EQ(server.requests().size(), 2u);
}

TEST(VersionCommand, TellsItsOwnEvenWithoutADaemon) {
    const Ran ran = run_at("/nonexistent", {"version"});
    EXPECT_EQ(ran.code, ExitCode::unreachable);
    EXPECT_EQ(ran.out, "ctl " YARD_VERSION "\n");
}

TEST(KillCommand, ListNeedsNoDaemon) {
    const Ran ran = run_at("/nonexistent", {"kill", "-l"});
    EXPECT_EQ(ran.code, ExitCode::done);
    EXPECT_THAT(ran.out, HasSubstr("15\tSIGTERM\n"));
}

}  // namespace
}  // namespace yard::ctl
