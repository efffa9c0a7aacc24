#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_varlink_server.h"
#include "ipc/varlink/client.h"

namespace yard::varlink {
namespace {

using fakes::Answer;
using fakes::FakeVarlinkServer;
using std::chrono::milliseconds;

Client connected_to(const FakeVarlinkServer& server) {
    return Client::connect(server.path()).value();
}

TEST(VarlinkClient, SendsMethodAndParametersAndGivesTheReply) {
    FakeVarlinkServer server([](size_t, const Json&) { return fakes::reply(Json::Object{{"pid", 7}}); });
    Client client = connected_to(server);
    const Result<Reply> reply = client.call("a.Ping", Json::Object{{"x", 1}});
    ASSERT_TRUE(reply.ok());
    EXPECT_TRUE(reply->ok());
    EXPECT_EQ(reply->parameters["pid"].as_int(), 7);
    EXPECT_EQ(server.requests().at(0).dump(), R"({"method":"a.Ping","parameters":{"x":1}})");
}

TEST(VarlinkClient, OneConnectionServesManyCalls) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return fakes::reply(Json::Object{{"n", static_cast<int>(nth)}});
    });
    Client client = connected_to(server);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.call("a.B", Json::Object{})->parameters["n"].as_int(), i);
}

TEST(VarlinkClient, AnErrorReplyIsAReplyAndNotRetried) {
    FakeVarlinkServer server([](size_t, const Json&) {
        return fakes::error("a.NoSuch", Json::Object{{"name", "x"}});
    });
    Client client = connected_to(server);
    const Result<Reply> reply = client.call("a.B", Json::Object{});
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->error, "a.NoSuch");
    EXPECT_EQ(reply->parameters["name"].as_string(), "x");
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST(VarlinkClient, AConnectionThatEndsWithoutAReplyIsRetriedWithTheSameRequest) {
    FakeVarlinkServer server(
        [](size_t nth, const Json&) { return nth == 0 ? fakes::hang_up() : fakes::reply(Json::Object{}); });
    Client client = connected_to(server);
    ASSERT_TRUE(client.call("a.Start", Json::Object{{"request_id", "one"}}).ok());
    const std::vector<Json> requests = server.requests();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].dump(), requests[1].dump());
}

TEST(VarlinkClient, HalfAReplyIsThrownAwayBeforeTheRetry) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return nth == 0 ? Answer{R"({"parameters":{"n":1)", true} : fakes::reply(Json::Object{{"n", 2}});
    });
    Client client = connected_to(server);
    EXPECT_EQ(client.call("a.B", Json::Object{})->parameters["n"].as_int(), 2);
}

TEST(VarlinkClient, GivesUpWhenTheTimeForRetriesIsSpent) {
    FakeVarlinkServer server([](size_t, const Json&) { return fakes::hang_up(); });
    Client client = connected_to(server);
    client.set_retry_for(milliseconds(9));  // the first retry is at once, the second would be after 10 ms
    const Result<Reply> reply = client.call("a.B", Json::Object{});
    ASSERT_FALSE(reply.ok());
    EXPECT_TRUE(connection_ended(reply.error()));
    EXPECT_EQ(server.requests().size(), 2u);
}

TEST(VarlinkClient, AReplyMakesTheTimeForRetriesWholeAgain) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return nth % 2 == 0 ? fakes::hang_up() : fakes::reply(Json::Object{});
    });
    Client client = connected_to(server);
    client.set_retry_for(milliseconds(9));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.call("a.B", Json::Object{}).ok());
}

TEST(VarlinkClient, ADaemonThatIsGoneAtTheRetryIsReportedAsSuch) {
    FakeVarlinkServer* self = nullptr;
    FakeVarlinkServer server([&](size_t, const Json&) {
        self->stop_listening();
        return fakes::hang_up();
    });
    self = &server;
    Client client = connected_to(server);
    EXPECT_EQ(client.call("a.B", Json::Object{}).error().code, ECONNREFUSED);
}

TEST(VarlinkClient, HugeRepliesComeWhole) {
    const std::string huge(10 << 20, 'x');
    FakeVarlinkServer server([&](size_t, const Json&) { return fakes::reply(Json::Object{{"text", huge}}); });
    Client client = connected_to(server);
    EXPECT_EQ(client.call("a.B", Json::Object{})->parameters["text"].as_string(), huge);
}

TEST(VarlinkClient, AReplyWithoutAnEndIsRefusedBeforeItFillsTheMemory) {
    FakeVarlinkServer server(
        [](size_t, const Json&) { return Answer{std::string((64 << 20) + (1 << 20), 'x')}; });
    Client client = connected_to(server);
    EXPECT_EQ(client.call("a.B", Json::Object{}).error().code, EMSGSIZE);
}

TEST(VarlinkClient, GarbageIsAnErrorAndNotRetried) {
    for (const std::string garbage : {"not json", "[]", "7", "{\"parameters\":", "\xff\xfe", ""}) {
        FakeVarlinkServer server([&](size_t, const Json&) { return Answer{garbage + '\0'}; });
        Client client = connected_to(server);
        const Result<Reply> reply = client.call("a.B", Json::Object{});
        ASSERT_FALSE(reply.ok()) << garbage;
        EXPECT_EQ(reply.error().code, EPROTO) << garbage;
        EXPECT_EQ(server.requests().size(), 1u);
    }
}

TEST(VarlinkClient, AReplySentBeforeTheConnectionWasClosedStillCounts) {
    FakeVarlinkServer server([](size_t, const Json&) {
        return Answer{fakes::reply(Json::Object{{"n", 1}}).bytes, true};
    });
    Client client = connected_to(server);
    EXPECT_EQ(client.call("a.B", Json::Object{})->parameters["n"].as_int(), 1);
}

TEST(VarlinkClient, ASilentDaemonIsGivenUpOnWhenAskedTo) {
    FakeVarlinkServer server([](size_t, const Json&) { return Answer{}; });
    Client client = connected_to(server);
    client.set_reply_within(milliseconds(1));
    EXPECT_EQ(client.call("a.B", Json::Object{}).error().code, ETIMEDOUT);
}

TEST(VarlinkClient, MoreGivesEachReplyUntilTheLast) {
    FakeVarlinkServer server([](size_t, const Json&) {
        return Answer{fakes::progress(Json::Object{{"n", 1}}) + fakes::progress(Json::Object{{"n", 2}}) +
                      fakes::reply(Json::Object{{"n", 3}}).bytes};
    });
    Client client = connected_to(server);
    std::vector<int64_t> seen;
    const Status ended = client.call_more("a.B", Json::Object{}, [&](const Reply& reply) {
        seen.push_back(reply.parameters["n"].as_int());
        return true;
    });
    EXPECT_TRUE(ended.ok());
    EXPECT_THAT(seen, testing::ElementsAre(1, 2, 3));
    EXPECT_TRUE(server.requests().at(0)["more"].as_bool());
}

TEST(VarlinkClient, MoreStopsWhenTheCallerHasEnough) {
    FakeVarlinkServer server([](size_t, const Json&) {
        return Answer{fakes::progress(Json::Object{}) + fakes::progress(Json::Object{})};
    });
    Client client = connected_to(server);
    int seen = 0;
    EXPECT_TRUE(client.call_more("a.B", Json::Object{}, [&](const Reply&) { return ++seen < 2; }).ok());
    EXPECT_EQ(seen, 2);
}

TEST(VarlinkClient, AQuietStreamLetsTheCallerActUntilItHasEnough) {
    FakeVarlinkServer server([](size_t, const Json&) { return Answer{fakes::progress(Json::Object{})}; });
    Client client = connected_to(server);
    int seen = 0, quiet_times = 0;
    const auto take = [&](const Reply&) {
        ++seen;
        return true;
    };
    const Quiet quiet{[&] { return milliseconds(seen == 0 ? 10'000 : 1); },
                      [&] { return ++quiet_times < 3; }};
    EXPECT_TRUE(client.call_more("a.B", Json::Object{}, take, &quiet).ok());
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(quiet_times, 3);
}

TEST(VarlinkClient, RepliesThatCameAreTakenBeforeAQuietMoment) {
    FakeVarlinkServer server([](size_t, const Json&) {
        return Answer{fakes::progress(Json::Object{}) + fakes::progress(Json::Object{}) +
                      fakes::reply(Json::Object{}).bytes};
    });
    Client client = connected_to(server);
    std::string order;
    const auto take = [&](const Reply&) { return !order.append("r").empty(); };
    const Quiet quiet{[&] { return milliseconds(order.empty() ? 10'000 : 0); },
                      [&] { return !order.append("q").empty(); }};
    EXPECT_TRUE(client.call_more("a.B", Json::Object{}, take, &quiet).ok());
    EXPECT_EQ(order, "rrr");
}

TEST(VarlinkClient, MoreReportsTheEndOfTheConnectionAndCanGoOnAfterReconnect) {
    FakeVarlinkServer server([](size_t nth, const Json&) {
        return nth == 0 ? Answer{fakes::progress(Json::Object{}) + "{\"par", true}
                        : fakes::reply(Json::Object{});
    });
    Client client = connected_to(server);
    const auto go_on = [](const Reply&) { return true; };
    const Status ended = client.call_more("a.B", Json::Object{}, go_on);
    ASSERT_FALSE(ended.ok());
    EXPECT_TRUE(connection_ended(ended.error()));
    ASSERT_TRUE(client.reconnect().ok());
    EXPECT_TRUE(client.call_more("a.B", Json::Object{}, go_on).ok());
}

TEST(VarlinkClient, ANotificationOfWhatIsGoneFailsAndOneThatDoesNotFitDoesNotWait) {
    FakeVarlinkServer server([](size_t, const Json&) { return fakes::hang_up(); });
    Client client = connected_to(server);
    EXPECT_FALSE(client.call_more("a.B", Json::Object{}, [](const Reply&) { return true; }).ok());
    const Status told = client.notify("a.B", Json::Object{});
    ASSERT_FALSE(told.ok());
    EXPECT_TRUE(connection_ended(told.error()));
    const Client served = connected_to(server);
    Client unheard = connected_to(server);  // in the backlog
    Status sent = Ok();
    while (sent.ok()) sent = unheard.notify("a.B", Json::Object{});
    EXPECT_EQ(sent.error().code, EAGAIN);
}

TEST(VarlinkClient, NoSocketNoListenerAndNoRoomForThePathAreTold) {
    EXPECT_EQ(Client::connect("/nonexistent/s").error().code, ENOENT);
    EXPECT_EQ(Client::connect("/" + std::string(200, 'x')).error().code, ENAMETOOLONG);
    FakeVarlinkServer server([](size_t, const Json&) { return Answer{}; });
    server.stop_listening();
    EXPECT_EQ(Client::connect(server.path()).error().code, ECONNREFUSED);
}

TEST(RequestId, Is128BitsOfHexAndNeverTheSame) {
    const std::string id = new_request_id();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(id, new_request_id());
}

class SocketPath : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"YARD_SOCKET", "YARD_RUNTIME_DIR", "XDG_RUNTIME_DIR", "TMPDIR"})
            unsetenv(name);
    }
};

TEST_F(SocketPath, TheFirstOfTheUsualPlacesThatIsNamedWins) {
    setenv("YARD_RUNTIME_DIR", "/r", 1);
    EXPECT_EQ(default_socket_path(""), "/r/control.sock");
    setenv("YARD_SOCKET", "/env.sock", 1);
    EXPECT_EQ(default_socket_path(""), "/env.sock");
    EXPECT_EQ(default_socket_path("/given.sock"), "/given.sock");
}

TEST_F(SocketPath, TheReasonNamesTheVariableOrTheUser) {
    const std::string who = geteuid() == 0 ? "root" : "uid " + std::to_string(geteuid());
    EXPECT_EQ(default_socket_reason(), "the usual place for " + who);
    setenv("YARD_RUNTIME_DIR", "/r", 1);
    EXPECT_EQ(default_socket_reason(), "as YARD_RUNTIME_DIR says");
    setenv("YARD_SOCKET", "/s", 1);
    EXPECT_EQ(default_socket_reason(), "as YARD_SOCKET says");
}

TEST_F(SocketPath, WithoutAnyNameItDependsOnTheUser) {
    if (geteuid() == 0) {
        EXPECT_EQ(default_socket_path(""), "/run/yardmaster/control.sock");
        return;
    }
    EXPECT_EQ(default_socket_path(""), "/tmp/yardmaster-" + std::to_string(geteuid()) + "/control.sock");
    setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
    EXPECT_EQ(default_socket_path(""), "/run/user/1/yardmaster/control.sock");
}

}  // namespace
}  // namespace yard::varlink
