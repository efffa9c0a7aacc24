#include <gtest/gtest.h>

#include <sstream>

#include "ctl/log_cursor.h"
#include "ctl/process_tree.h"
#include "ctl/service_table.h"
#include "ctl/service_view.h"
#include "ctl/time_text.h"
#include "ctl/waiting_text.h"
#include "ctl/yaml_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

WallTime at(const char* text) {
    return parse_rfc3339(text).value();
}

TEST(TimeText, ReadsRfc3339WithAnyFraction) {
    EXPECT_EQ(at("1970-01-01T00:00:01Z").time_since_epoch(), std::chrono::seconds(1));
    EXPECT_EQ(at("1970-01-01T00:00:00.5Z").time_since_epoch(), std::chrono::milliseconds(500));
    EXPECT_EQ(at("2026-01-31T12:00:00.123Z") - at("2026-01-31T11:59:59Z"), std::chrono::milliseconds(1123));
    EXPECT_EQ(at("1970-01-01T00:00:00.1234567891234Z").time_since_epoch(), Duration(123456789));
}

TEST(TimeText, RefusesWhatIsNoUtcTime) {
    for (const char* text :
         {"", "-", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00+01:00", "2026-01-31 12:00:00Z",
          "99999-01-31T12:00:00Z", "2026-01-31T12:00:00.1Zx", "2026-01-31T12:00:-1Z"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
}

TEST(TimeText, AgesAreWholeSecondsAndNeverNegative) {
    EXPECT_EQ(age_words(std::chrono::milliseconds(1900)), "1s");
    EXPECT_EQ(age_words(std::chrono::seconds(125)), "2m 5s");
    EXPECT_EQ(age_words(std::chrono::hours(51)), "2d 3h");
    EXPECT_EQ(age_words(std::chrono::milliseconds(10)), "0s");
    EXPECT_EQ(age_words(std::chrono::seconds(-5)), "0s");
}

Json process(const char* service, int pid, int ppid, const char* command) {
    return Json::Object{{"service", service}, {"pid", pid}, {"ppid", ppid}, {"command", command}};
}

std::string drawn(Json::Array processes, const Terminal& terminal = {}) {
    std::string text;
    for (const ServiceTree& tree : build_trees(Json(std::move(processes)))) text += draw_tree(tree, terminal);
    return text;
}

TEST(ProcessTree, ChildrenHangBelowTheirParentsByPid) {
    EXPECT_EQ(drawn({process("api", 10, 1, "api"), process("api", 13, 12, "deep"),
                     process("api", 12, 10, "b"), process("api", 11, 10, "a"), process("db", 20, 1, "db")}),
              "api\n"
              "└─ 10 api\n"
              "   ├─ 11 a\n"
              "   └─ 12 b\n"
              "      └─ 13 deep\n"
              "db\n"
              "└─ 20 db\n");
}

TEST(ProcessTree, OrphansStandBesideTheMainProcess) {
    EXPECT_EQ(
        drawn({process("api", 10, 1, "api"), process("api", 11, 10, "a"), process("api", 30, 2, "orphan")},
              {.utf8 = false}),
        "api\n"
        "|- 10 api\n"
        "|  `- 11 a\n"
        "`- 30 orphan\n");
}

TEST(ProcessTree, ACircleLosesNobody) {
    EXPECT_EQ(drawn({process("x", 5, 6, "a"), process("x", 6, 5, "b"), process("x", 7, 7, "self")}),
              "x\n"
              "├─ 5 a\n"
              "│  └─ 6 b\n"
              "└─ 7 self\n");
}

TEST(ProcessTree, AnEndlesslyDeepChainIsDrawnInPieces) {
    Json::Array chain;
    for (int pid = 2; pid < 5002; ++pid) chain.push_back(process("deep", pid, pid - 1, "x"));
    const std::string text = drawn(std::move(chain));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5001);
}

TEST(ProcessTree, LinesFitTheTerminalAndCommandsCannotDriveIt) {
    EXPECT_EQ(drawn({process("s", 10, 1, "long \x1b]0;title\x07 command")}, {.is_tty = true, .width = 20}),
              "s\n"
              "└─ 10 long ^[]0;tit…\n");
}

TEST(ProcessTree, JsonNests) {
    const auto trees = build_trees(Json(Json::Array{process("s", 10, 1, "a"), process("s", 11, 10, "b")}));
    EXPECT_EQ(
        tree_json(trees.at(0)).dump(),
        R"({"service":"s","processes":[{"pid":10,"command":"a","children":[{"pid":11,"command":"b","children":[]}]}]})");
}

TEST(ServiceView, ExitsInWords) {
    EXPECT_EQ(exit_words(Json::Object{{"code", 3}, {"signal", Json()}}), "3");
    EXPECT_EQ(exit_words(Json::Object{{"signal", "SIGKILL"}}), "SIGKILL");
    EXPECT_EQ(exit_words(Json::Object{{"unknown", true}}), "unknown");
    EXPECT_EQ(exit_words(Json()), "-");
}

TEST(ServiceView, JsonHasEveryPromisedMemberAndOneWayToEnd) {
    const Json service = Json::Object{{"name", "a"},
                                      {"state", "failed"},
                                      {"exit", Json::Object{{"code", 1}, {"signal", Json()}}},
                                      {"extra", 1}};
    EXPECT_EQ(
        services_json(Json::Array{service}).dump(),
        R"([{"name":"a","state":"failed","wanted":null,"pid":null,"since":null,"uptime_s":null,"restarts":null,)"
        R"("exit":{"code":1},"nice":null,"reason":null,"status_text":null,"extra":1}])");
}

TEST(ServiceTable, SaysSinceWhenAndWhy) {
    const Json service = Json::Object{{"name", "db"},
                                      {"state", "backoff"},
                                      {"since", "2026-01-31T12:00:00Z"},
                                      {"restarts", 2},
                                      {"exit", Json::Object{{"code", 1}}},
                                      {"reason", "restart in 1s"},
                                      {"status_text", "warming"}};
    ServiceTable table(ServiceTable::Order::as_added);
    table.add(service, at("2026-01-31T12:02:05Z"));
    EXPECT_EQ(table.draw({}),
              "NAME  STATE    PID  SINCE  RESTARTS  EXIT  NICE  REASON/STATUS\n"
              "db    backoff    -  2m 5s         2     1     -  restart in 1s; warming\n");
}

// The first two words of each line of a table of these states, services named a, b, c ...
std::string names_and_states(ServiceTable::Order order, const std::vector<const char*>& states) {
    ServiceTable table(order);
    char name = 'a';
    for (const char* state : states) {
        table.add(Json::Object{{"name", std::string(1, name++)}, {"state", state}}, WallTime{});
    }
    std::istringstream drawn(table.draw({}));
    std::string line, text;
    std::getline(drawn, line);  // the heading
    while (std::getline(drawn, line)) {
        std::istringstream words(line);
        std::string first, second;
        words >> first >> second;
        text += first + " " + second + "\n";
    }
    return text;
}

TEST(ServiceTable, ForAPersonWhatNeedsAttentionComesFirstAGroupAState) {
    EXPECT_EQ(names_and_states(ServiceTable::Order::by_attention,
                               {"stopped", "running", "stopping", "completed", "waiting", "running", "failed",
                                "newer", "backoff", "starting"}),
              "g failed\n \ni backoff\n \nc stopping\ne waiting\nj starting\n \n"
              "b running\nf running\n \nd completed\n \na stopped\n \nh newer\n");
}

TEST(ServiceTable, ForProgramsLinesStayAsTheyCome) {
    EXPECT_EQ(names_and_states(ServiceTable::Order::as_added, {"running", "failed", "stopped"}),
              "a running\nb failed\nc stopped\n");
    EXPECT_EQ(ServiceTable::order_for({}), ServiceTable::Order::as_added);
    EXPECT_EQ(ServiceTable::order_for({.is_tty = true}), ServiceTable::Order::by_attention);
}

TEST(ServiceTable, SummaryCountsStatesInTheSameOrder) {
    ServiceTable table(ServiceTable::Order::by_attention);
    EXPECT_EQ(table.summary({}), "no services");
    for (const char* state : {"running", "stopped", "running", "failed", "newer"}) {
        table.add(Json::Object{{"name", "x"}, {"state", state}}, WallTime{});
    }
    EXPECT_EQ(table.summary({}), "1 failed, 2 running, 1 stopped, 1 other");
    EXPECT_EQ(
        table.summary({.colours = true}),
        "\033[31m1 failed\033[0m, \033[32m2 running\033[0m, \033[2m1 stopped\033[0m, \033[33m1 other\033[0m");
}

Json service_in(const char* name, const char* state, const char* reason = "") {
    return Json::Object{{"name", name}, {"state", state}, {"reason", reason}};
}
const auto three_seconds = std::chrono::seconds(3);

TEST(WaitingText, AServiceThatWaitsSaysForWhatAndHowLong) {
    const Json named = Json::Array{service_in("api", "waiting", "waiting for db to be ready")};
    EXPECT_EQ(waiting_text({}, named, {}, three_seconds), "api: waiting for db to be ready … 3s");
    const Json starting = Json::Array{service_in("db", "starting", "tcp 127.0.0.1:1: Connection refused")};
    EXPECT_EQ(waiting_text({}, starting, {}, three_seconds),
              "db: starting, tcp 127.0.0.1:1: Connection refused … 3s");
}

TEST(WaitingText, AStopThatOthersHoldUpNamesThem) {
    const Json named = Json::Array{service_in("db", "running")};
    const Json all = Json::Array{service_in("db", "running"), service_in("api", "stopping"),
                                 service_in("far", "running"), service_in("worker", "stopping")};
    const Operation stop{.takes_down = true};
    EXPECT_TRUE(waits_for_others(stop, named));
    EXPECT_EQ(waiting_text(stop, named, all, three_seconds),
              "db: waits until 2 others are down: api, worker … 3s");
    EXPECT_EQ(waiting_text(stop, named, named, three_seconds), "db: is to stop … 3s");
}

TEST(WaitingText, WhatIsUpAgainAfterARestartIsNotAwaited) {
    const Json named = Json::Array{service_in("a", "running"), service_in("b", "stopping", "restarted"),
                                   service_in("c", "stopping")};
    const Operation restart{.takes_down = true, .moved = {"a", "b", "c"}};
    EXPECT_FALSE(waits_for_others(restart, named));
    EXPECT_EQ(waiting_text(restart, named, {}, three_seconds), "b: stopping (and 1 more) … 3s");
    EXPECT_EQ(waiting_text(restart, Json::Array{service_in("a", "running")}, {}, three_seconds), "");
}

TEST(WaitingText, AShutdownNamesSomeOfThoseThatLive) {
    Json::Array all{service_in("a", "stopped")};
    EXPECT_EQ(shutdown_text(all, three_seconds), "");
    all.push_back(service_in("b", "stopping"));
    EXPECT_EQ(shutdown_text(all, three_seconds), "waits until 1 service is down: b … 3s");
    for (const char* name : {"c", "d", "e"}) all.push_back(service_in(name, "running").set("pid", 7));
    EXPECT_EQ(shutdown_text(all, three_seconds), "waits until 4 services are down: b, c, d and 1 more … 3s");
}

TEST(WaitingText, AStartDoesNotWaitForWhatIsUp) {
    EXPECT_EQ(waiting_text({}, Json::Array{service_in("a", "running"), service_in("b", "failed")}, {},
                           three_seconds),
              "");
}

TEST(ServiceView, DetailsLeaveOutWhatThereIsNot) {
    const Json service = Json::Object{{"name", "db"},
                                      {"state", "running"},
                                      {"pid", 7},
                                      {"restarts", 0},
                                      {"nice", 0},
                                      {"wanted", "up"},
                                      {"log_dropped_bytes", 9},
                                      {"log_problem", "disk full"}};
    EXPECT_EQ(service_details(service, WallTime{}, {}),
              "db\n"
              "     State: running\n"
              "    Wanted: up\n"
              "       PID: 7\n"
              "      Nice: 0\n"
              "  Restarts: 0\n"
              " Last exit: -\n"
              "   Its log: disk full\n"
              "   Dropped: 9 bytes of its log\n");
}

TEST(YamlText, QuotesOnlyWhatYamlWouldReadAsSomethingElse) {
    const Json value =
        Json::Object{{"command", Json::Array{"/bin/x", "--port", "8080", "-5", "a b"}},
                     {"env", Json::Object{{"X", "no"}, {"Y", "0x1d"}, {"Z", "1e5"}, {"odd key", "100ms"}}},
                     {"nice", -5},
                     {"none", Json::Array{}},
                     {"text", ""}};
    EXPECT_EQ(to_yaml(value),
              "command: [/bin/x, --port, \"8080\", \"-5\", \"a b\"]\n"
              "env:\n"
              "  X: \"no\"\n"
              "  Y: \"0x1d\"\n"
              "  Z: \"1e5\"\n"
              "  \"odd key\": 100ms\n"
              "nice: -5\n"
              "none: []\n"
              "text: \"\"\n");
}

TEST(YamlText, NotesAreCommentsBehindWhatTheySpeakOf) {
    const Json value =
        Json::Object{{"command", Json::Array{"sleep", "a very long argument that is not aligned to"}},
                     {"env", Json::Object{{"A", "1"}, {"B", "2"}}},
                     {"nice", 5},
                     {"none", Json::Array{}}};
    const Json notes = Json::Object{{"command", "yard.yaml:3"},
                                    {"env", Json::Object{{"A", "a.env:1"}, {"B", "odd\nname:2"}}},
                                    {"none", "built in"}};
    EXPECT_EQ(to_yaml(value, notes),
              "command: [sleep, \"a very long argument that is not aligned to\"]  # yard.yaml:3\n"
              "env:\n"
              "  A: \"1\"  # a.env:1\n"
              "  B: \"2\"  # odd^Jname:2\n"
              "nice: 5\n"
              "none: []  # built in\n");
}

TEST(YamlText, ListsOfMapsNest) {
    const Json value = Json::Object{
        {"requires", Json::Array{Json::Object{{"service", "db"}, {"when", Json::Object{{"a", 1}}}}, "x"}}};
    EXPECT_EQ(to_yaml(value),
              "requires:\n"
              "  - service: db\n"
              "    when:\n"
              "      a: 1\n"
              "  - x\n");
}

constexpr const char* kNoon = "2026-01-31T12:00:00.000Z";
constexpr const char* kLater = "2026-01-31T12:00:00.001Z";
constexpr const char* kEarlier = "2026-01-31T11:59:59.000Z";

TEST(LogCursor, AfterALossLinesThatWereSeenAreNotRepeatedAndOthersNotLost) {
    LogCursor cursor(at(kEarlier));
    EXPECT_TRUE(cursor.accept("a", kEarlier));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("a", kEarlier));
    EXPECT_FALSE(cursor.accept("a", kNoon));
    EXPECT_FALSE(cursor.accept("a", kNoon));
    EXPECT_TRUE(cursor.accept("a", kNoon));  // a third line of the same instant
    EXPECT_TRUE(cursor.accept("a", kLater));
}

TEST(LogCursor, TwoLossesInARowDoNotConfuseIt) {
    LogCursor cursor(at(kEarlier));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("a", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("a", kNoon));
    EXPECT_FALSE(cursor.accept("a", kNoon));
    EXPECT_TRUE(cursor.accept("a", kNoon));
}

TEST(LogCursor, EachServiceHasItsOwnPlace) {
    LogCursor cursor(at(kEarlier));
    EXPECT_TRUE(cursor.accept("a", kLater));
    EXPECT_TRUE(cursor.accept("b", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("b", kNoon));
    EXPECT_TRUE(cursor.accept("b", kLater));
    EXPECT_FALSE(cursor.accept("a", kLater));
}

TEST(LogCursor, AServiceThatShowedNothingBeginsWhereFollowingBegan) {
    LogCursor cursor(at(kNoon));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("quiet", kEarlier));
    EXPECT_TRUE(cursor.accept("quiet", kLater));
}

TEST(LogCursor, AClockThatWasSetBackHidesNothing) {
    LogCursor cursor(at(kEarlier));
    EXPECT_TRUE(cursor.accept("a", kLater));
    EXPECT_TRUE(cursor.accept("a", kNoon));
    cursor.resume();
    EXPECT_FALSE(cursor.accept("a", kNoon));
    EXPECT_TRUE(cursor.accept("a", kLater));
    EXPECT_TRUE(cursor.accept("a", kNoon));
}

TEST(LogCursor, ResumesALittleBeforeTheNewestLine) {
    LogCursor cursor(at(kEarlier));
    EXPECT_FALSE(cursor.resume_from().has_value());
    cursor.accept("a", kLater);
    cursor.accept("b", kNoon);
    EXPECT_EQ(cursor.resume_from(), at(kLater) - std::chrono::seconds(2));
}

TEST(LogCursor, LinesWithoutATimeAreAlwaysShown) {
    LogCursor cursor(at(kNoon));
    cursor.resume();
    EXPECT_TRUE(cursor.accept("a", ""));
}

}  // namespace
}  // namespace yard::ctl
