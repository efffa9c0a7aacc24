// From the text of a message to its handler: envelope, method, right, types.
#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "engine/control/interface_table.h"
#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using ControlDispatch = ControlTest;

TEST_F(ControlDispatch, TextThatIsNoCallIsNotAnswered) {
    for (const char* text :
         {"{", "[]", "{}", R"({"method":1})", R"({"method":"org.yardmaster.Ping","more":1})",
          R"({"method":"org.yardmaster.Ping","oneway":"yes"})"}) {
        EXPECT_FALSE(caller.send_text(text)) << text;
    }
    EXPECT_TRUE(caller.answers.empty());
}

TEST_F(ControlDispatch, ParametersMayBeLeftOut) {
    ASSERT_TRUE(caller.send_text(R"({"method":"org.yardmaster.Ping"})"));
    EXPECT_EQ(caller.answers.at(0)["parameters"].dump(), R"({"pid":11,"keeper_pid":1})");
}

TEST_F(ControlDispatch, UnknownMethodNamesTheNearest) {
    const Json answer = caller.ask("org.yardmaster.Stauts");
    EXPECT_EQ(answer["error"].as_string(), "org.varlink.service.MethodNotFound");
    EXPECT_EQ(answer["parameters"]["method"].as_string(), "org.yardmaster.Stauts");
    EXPECT_EQ(answer["parameters"]["nearest"].as_string(), "org.yardmaster.Status");
    EXPECT_FALSE(caller.ask("org.yardmaster.Frobnicate")["parameters"].has("nearest"));
}

TEST_F(ControlDispatch, MethodOfAnUnknownInterfaceNamesTheInterface) {
    for (const char* method : {"com.example.Status", "Status", "org.yardmaster.nested.Status"}) {
        const Json answer = caller.ask(method);
        EXPECT_EQ(answer["error"].as_string(), "org.varlink.service.InterfaceNotFound") << method;
    }
    EXPECT_EQ(caller.ask("com.example.Status")["parameters"].dump(), R"({"interface":"com.example"})");
}

TEST_F(ControlDispatch, EveryDeclaredTypeIsChecked) {
    backend.add("api");
    struct Case {
        const char* method;
        const char* parameters;
        const char* parameter;
        const char* message;
    };
    const Case cases[] = {
        {"Start", R"({})", "names", "missing; expected an array of strings"},
        {"Start", R"({"names":null})", "names", "missing; expected an array of strings"},
        {"Start", R"({"names":"api"})", "names", "expected an array of strings"},
        {"Start", R"({"names":["api",1]})", "names", "expected an array of strings"},
        {"Start", R"({"names":["api"],"wait":1})", "wait", "expected true or false"},
        {"Start", R"({"names":["api"],"request_id":5})", "request_id", "expected a string"},
        {"Renice", R"({"names":["api"],"nice":"5"})", "nice", "expected an integer"},
        {"Renice", R"({"names":["api"],"nice":5.5})", "nice", "expected an integer"},
        {"Show", R"([])", "parameters", "expected an object"},
    };
    for (const Case& c : cases) {
        const Json answer = caller.ask(std::string("org.yardmaster.") + c.method, c.parameters);
        EXPECT_EQ(answer["error"].as_string(), "org.varlink.service.InvalidParameter") << c.parameters;
        EXPECT_EQ(answer["parameters"]["parameter"].as_string(), c.parameter) << c.parameters;
        EXPECT_EQ(answer["parameters"]["message"].as_string(), c.message) << c.parameters;
    }
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(ControlDispatch, UnknownParameterNamesTheNearest) {
    const Json answer = caller.ask("org.yardmaster.Status", R"({"nmaes":[]})");
    EXPECT_EQ(answer["parameters"]["parameter"].as_string(), "nmaes");
    EXPECT_THAT(answer["parameters"]["message"].as_string(), HasSubstr("did you mean \"names\"?"));
}

// ---- Rights.

// What each method needs. A new method is entered here by whoever decides who may call it.
constexpr std::pair<std::string_view, Role> kNeeds[] = {
    {"org.varlink.service.GetInfo", Role::anyone},
    {"org.varlink.service.GetInterfaceDescription", Role::anyone},
    {"org.yardmaster.Ping", Role::observe},
    {"org.yardmaster.GetVersion", Role::observe},
    {"org.yardmaster.Status", Role::observe},
    {"org.yardmaster.Start", Role::operate},
    {"org.yardmaster.Stop", Role::operate},
    {"org.yardmaster.Restart", Role::operate},
    {"org.yardmaster.Kill", Role::operate},
    {"org.yardmaster.Wait", Role::observe},
    {"org.yardmaster.Renice", Role::operate},
    {"org.yardmaster.Ps", Role::observe},
    {"org.yardmaster.Logs", Role::observe},
    {"org.yardmaster.Show", Role::observe},
    {"org.yardmaster.Subscribe", Role::observe},
    {"org.yardmaster.Why", Role::observe},
    {"org.yardmaster.Doctor", Role::observe},
    {"org.yardmaster.Diff", Role::observe},
    {"org.yardmaster.Reload", Role::admin},
    {"org.yardmaster.AwaitReload", Role::observe},
    {"org.yardmaster.ReloadService", Role::operate},
    {"org.yardmaster.Shutdown", Role::admin},
    {"org.yardmaster.IpcCreate", Role::operate},
    {"org.yardmaster.IpcRemove", Role::operate},
    {"org.yardmaster.IpcOpen", Role::anyone},
    {"org.yardmaster.IpcDetach", Role::anyone},
    {"org.yardmaster.IpcList", Role::anyone},
    {"org.yardmaster.IpcWho", Role::anyone},
    {"org.yardmaster.IpcSettle", Role::anyone},
};

TEST_F(ControlDispatch, EveryMethodNeedsTheRoleThatWasDecidedForIt) {
    for (const MethodRow& row : kMethods) {
        const auto* needed = std::ranges::find(kNeeds, row.name, &std::pair<std::string_view, Role>::first);
        ASSERT_NE(needed, std::end(kNeeds)) << row.name << " has no role here";
        EXPECT_EQ(to_string(row.role), std::string(to_string(needed->second))) << row.name;
    }
}

TEST_F(ControlDispatch, EachMethodIsRefusedBelowItsRoleAndNotFromItOn) {
    backend.add("api");
    for (const Role role : {Role::anyone, Role::observe, Role::operate, Role::admin}) {
        FakeCaller someone(methods, trail, role);
        for (const auto& [method, needed] : kNeeds) {
            backend.asked.clear();
            trail.entries.clear();
            ASSERT_TRUE(someone.call(std::string(method), R"({"names":["api"]})"));
            const Json answer = someone.answers.empty() ? Json() : someone.answers[0];
            const bool refused = answer["error"].as_string() == "org.yardmaster.NotPermitted";
            EXPECT_EQ(refused, role < needed) << to_string(role) << " calls " << method;
            if (!refused) continue;
            EXPECT_EQ(answer["parameters"]["role"].as_string(), to_string(needed));
            EXPECT_EQ(answer["parameters"]["has"].as_string(), to_string(role));
            EXPECT_EQ(answer["parameters"]["method"].as_string(), method);
            EXPECT_TRUE(backend.asked.empty());
            ASSERT_EQ(trail.entries.size(), 1u);
            EXPECT_EQ(trail.entries[0].result, "org.yardmaster.NotPermitted");
            EXPECT_EQ(trail.entries[0].details, answer["parameters"].dump());
        }
    }
}

// ---- What goes on record.

TEST_F(ControlDispatch, WhatChangesSomethingGoesOnRecordWithItsResult) {
    backend.add("api");
    backend.add("db");
    caller.ask("org.yardmaster.Stop", R"({"names":["api"],"request_id":"secret"})");
    caller.ask("org.yardmaster.Status");
    caller.ask("org.yardmaster.Kill", R"({"names":["nobody"]})");
    backend.next_status = fail("no process");
    caller.ask("org.yardmaster.Kill", R"({"names":["api","db"]})");
    ASSERT_EQ(trail.entries.size(), 3u);
    EXPECT_EQ(trail.entries[0].method, "org.yardmaster.Stop");
    EXPECT_EQ(trail.entries[0].parameters, R"({"names":["api"]})");
    EXPECT_EQ(trail.entries[0].caller.uid, 1000u);
    EXPECT_EQ(trail.entries[0].caller.pid, 42);
    EXPECT_EQ(trail.entries[0].result, "ok");
    EXPECT_EQ(trail.entries[1].result, "org.yardmaster.NoSuchService");
    EXPECT_EQ(trail.entries[2].result, "failed: api, db");
}

// Else an engine that dies in between leaves a change that was answered and is on no record.
TEST_F(ControlDispatch, WhatIsAnsweredIsOnRecordAlready) {
    backend.add("api", State::stopped);
    std::vector<size_t> on_record;
    caller.on_answer = [&] { on_record.push_back(trail.entries.size()); };
    caller.call("org.yardmaster.Start", R"({"names":["api"]})");
    caller.call("org.yardmaster.Start", R"({"names":["zebra"]})");
    EXPECT_THAT(on_record, ElementsAre(1u, 2u));
}

TEST_F(ControlDispatch, ARefusalByTheObjectItselfGoesOnRecordThoughTheMethodIsForAnyone) {
    caller.ask("org.yardmaster.IpcOpen", R"({"name":"jobs"})");
    EXPECT_TRUE(trail.entries.empty());
    backend.objects.refusal = IpcRefusal{IpcRefusal::Kind::not_permitted, "it is not yours"};
    caller.ask("org.yardmaster.IpcOpen", R"({"name":"jobs"})");
    ASSERT_EQ(trail.entries.size(), 1u);
    EXPECT_EQ(trail.entries[0].method, "org.yardmaster.IpcOpen");
    EXPECT_EQ(trail.entries[0].parameters, R"({"name":"jobs"})");
    EXPECT_EQ(trail.entries[0].result, "org.yardmaster.NotPermitted");
}

TEST_F(ControlDispatch, WhatIsAnsweredLaterGoesOnRecordWithItsAnswer) {
    const ServiceId api = backend.add("api", State::starting);
    ASSERT_TRUE(caller.call("org.yardmaster.Start", R"({"names":["api"],"wait":true})"));
    EXPECT_TRUE(trail.entries.empty());
    backend.set_state(api, State::running, "ready");
    ASSERT_EQ(trail.entries.size(), 1u);
    EXPECT_EQ(trail.entries[0].result, "ok");
}

TEST_F(ControlDispatch, WhoLeavesBeforeTheAnswerIsOnRecordAllTheSame) {
    backend.add("api", State::starting);
    ASSERT_TRUE(caller.call("org.yardmaster.Start", R"({"names":["api"],"wait":true})"));
    caller.hang_up();
    ASSERT_EQ(trail.entries.size(), 1u);
    EXPECT_THAT(trail.entries[0].result, HasSubstr("unanswered"));
}

TEST_F(ControlDispatch, OnewayIsAppliedAndNotAnswered) {
    backend.add("api");
    ASSERT_TRUE(caller.call("org.yardmaster.Start", R"({"names":["api"],"wait":true})", R"(,"oneway":true)"));
    EXPECT_TRUE(caller.is_finished());
    EXPECT_TRUE(caller.answers.empty());
    EXPECT_EQ(backend.asked, std::vector<std::string>{"start api"});
    ASSERT_TRUE(caller.call("org.yardmaster.Nonsense", "{}", R"(,"oneway":true)"));
    EXPECT_TRUE(caller.answers.empty());
}

TEST_F(ControlDispatch, IntrospectionGivesTheInterfaceFiles) {
    const Json info = caller.ask("org.varlink.service.GetInfo")["parameters"];
    EXPECT_EQ(info["interfaces"].dump(), R"(["org.varlink.service","org.yardmaster"])");
    EXPECT_EQ(info["version"].as_string(), "0.1.0");
    for (const Json& name : info["interfaces"].as_array()) {
        const Json text = caller.ask("org.varlink.service.GetInterfaceDescription",
                                     Json().set("interface", name).dump())["parameters"]["description"];
        EXPECT_THAT(text.as_string(), HasSubstr("\ninterface " + name.as_string() + "\n"));
    }
    EXPECT_EQ(caller.ask("org.varlink.service.GetInterfaceDescription", R"({"interface":"x"})")["error"]
                  .as_string(),
              "org.varlink.service.InterfaceNotFound");
}

}  // namespace
}  // namespace yard::engine::control
