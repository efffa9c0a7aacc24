// Logs and Subscribe: streams at the caller's pace.
#include <gmock/gmock.h>

#include "tests/fakes/control_caller.h"

namespace yard::engine::control {
namespace {

using testing::ElementsAre;

struct ControlStreams : ControlTest {
    std::vector<std::string> lines() const {
        std::vector<std::string> texts;
        for (const Json& answer : caller.answers) {
            for (const Json& line : answer["parameters"]["lines"].as_array())
                texts.push_back(line["line"].as_string());
        }
        return texts;
    }
    std::vector<int64_t> seqs() const {
        std::vector<int64_t> numbers;
        for (const Json& answer : caller.answers)
            numbers.push_back(answer["parameters"]["event"]["seq"].as_int());
        return numbers;
    }
    static LogLineRecord line(const std::string& text) { return {"api", WallTime(), text}; }
};

TEST_F(ControlStreams, StreamsMustBeCalledWithMore) {
    for (const char* method : {"org.yardmaster.Logs", "org.yardmaster.Subscribe"}) {
        EXPECT_EQ(caller.ask(method)["error"].as_string(), "org.varlink.service.ExpectedMore");
    }
}

TEST_F(ControlStreams, LogsAsksTheRouterAndEndsWithIt) {
    backend.add("api");
    backend.add("web");
    ASSERT_TRUE(caller.call_more(
        "org.yardmaster.Logs", R"({"names":["api"],"follow":true,"lines":5,"since_ms":60000,"grep":"x+"})"));
    const LogQuery& query = backend.queries.front().query;
    EXPECT_THAT(query.services, ElementsAre("api"));
    EXPECT_TRUE(query.follow);
    EXPECT_EQ(query.lines, 5u);
    EXPECT_EQ(query.since, backend.wall - std::chrono::minutes(1));
    EXPECT_EQ(query.grep, "x+");
    backend.queries.front().on_lines({line("one"), line("two")});
    EXPECT_FALSE(caller.is_finished());
    EXPECT_EQ(caller.answers.at(0).dump(),
              R"({"parameters":{"lines":[{"service":"api","time":"1970-01-01T00:00:00.000Z","line":"one"},)"
              R"({"service":"api","time":"1970-01-01T00:00:00.000Z","line":"two"}]},"continues":true})");
    backend.queries.front().on_end();
    EXPECT_TRUE(caller.is_finished());
    EXPECT_EQ(caller.answers.at(1).dump(), R"({"parameters":{"lines":[]}})");
}

TEST_F(ControlStreams, LogsRefusesWhatTheRouterCannotUnderstand) {
    backend.add("api");
    const auto parameter_refused = [&](const char* parameters) {
        EXPECT_TRUE(caller.call_more("org.yardmaster.Logs", parameters));
        EXPECT_TRUE(caller.is_finished());
        return caller.answers.at(0)["parameters"]["parameter"].as_string();
    };
    backend.query_error = Error{"unmatched (", EINVAL};
    EXPECT_EQ(parameter_refused(R"({"grep":"("})"), "grep");
    EXPECT_EQ(parameter_refused(R"({"lines":-1})"), "lines");
    EXPECT_EQ(parameter_refused(R"({"since_ms":-1})"), "since_ms");
}

TEST_F(ControlStreams, LogsThatCannotBeReadAreNobodysParameter) {
    backend.add("api");
    backend.query_error = Error{"open /log/api.log: Permission denied", EACCES};
    ASSERT_TRUE(caller.call_more("org.yardmaster.Logs", R"({"grep":"x"})"));
    EXPECT_EQ(caller.answers.at(0).dump(),
              R"({"error":"org.yardmaster.Failed",)"
              R"("parameters":{"message":"open /log/api.log: Permission denied","errno":13}})");
}

TEST_F(ControlStreams, AnAbsurdAgeMeansAllLines) {
    backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Logs", R"({"since_ms":9223372036854775807})"));
    EXPECT_EQ(backend.queries.front().query.since, WallTime());
}

TEST_F(ControlStreams, LogsPauseWhileTheCallerDoesNotRead) {
    backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Logs"));
    caller.set_congested(true);
    backend.queries.front().on_lines({line("one")});
    EXPECT_TRUE(backend.queries.front().paused);
    caller.set_congested(false);
    EXPECT_FALSE(backend.queries.front().paused);
}

TEST_F(ControlStreams, ManyLinesComeInSeveralMessagesAndNoneIsLost) {
    backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Logs"));
    std::vector<LogLineRecord> batch;
    std::vector<std::string> texts;
    for (int i = 0; i < 300; ++i) {
        texts.push_back(std::to_string(i) + std::string(1000, 'x'));
        batch.push_back(line(texts.back()));
    }
    backend.queries.front().on_lines(batch);
    EXPECT_GT(caller.answers.size(), 3u);
    EXPECT_EQ(lines(), texts);
}

TEST_F(ControlStreams, StatusOfManyComesInSlicesAtThePaceOfTheCaller) {
    std::vector<std::string> added, told;
    for (int i = 0; i < 200; ++i) {
        added.push_back("s" + std::to_string(i));
        backend.add(added.back());
    }
    caller.set_congested(true);
    ASSERT_TRUE(caller.call_more("org.yardmaster.Status"));
    EXPECT_TRUE(caller.answers.empty());
    caller.set_congested(false);
    EXPECT_TRUE(caller.is_finished());
    EXPECT_GT(caller.answers.size(), 2u);
    for (const Json& answer : caller.answers) {
        EXPECT_EQ(answer.has("continues"), &answer != &caller.answers.back());
        for (const Json& service : answer["parameters"]["services"].as_array())
            told.push_back(service["name"].as_string());
    }
    EXPECT_EQ(told, added);
}

TEST_F(ControlStreams, StatusOfNobodyIsOneEmptyReply) {
    ASSERT_TRUE(caller.call_more("org.yardmaster.Status"));
    EXPECT_TRUE(caller.is_finished());
    EXPECT_EQ(caller.answers.at(0).dump(), R"({"parameters":{"services":[]}})");
}

TEST_F(ControlStreams, ProcessesAreToldWhenTheyHaveBeenRead) {
    backend.add("api");
    backend.reading_takes_time = true;
    ASSERT_TRUE(caller.call("org.yardmaster.Ps"));
    EXPECT_TRUE(caller.answers.empty());
    backend.finish_reading();
    EXPECT_TRUE(caller.is_finished());
    EXPECT_EQ(caller.answers.at(0)["parameters"]["processes"].as_array().size(), 1u);
}

TEST_F(ControlStreams, LogsAreCancelledWhenTheCallerGoes) {
    backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Logs", R"({"follow":true})"));
    caller.hang_up();
    EXPECT_TRUE(backend.queries.front().cancelled);
}

TEST_F(ControlStreams, SubscribeStreamsEventsFromNowOn) {
    const ServiceId api = backend.add("api");
    backend.set_state(api, State::starting, "before");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe"));
    EXPECT_TRUE(caller.answers.empty());
    backend.set_state(api, State::running, "ready");
    EXPECT_EQ(caller.answers.at(0).dump(),
              R"({"parameters":{"event":{"seq":2,"time":"1970-01-12T13:46:40.000Z","service":"api",)"
              R"("from":"starting","to":"running","cause":"ready"}},"continues":true})");
}

TEST_F(ControlStreams, SubscribeGoesOnAfterTheEventThatWasSeen) {
    const ServiceId api = backend.add("api");
    for (int i = 0; i < 4; ++i) backend.set_state(api, State::starting, "again");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe", R"({"since_seq":2})"));
    backend.set_state(api, State::running, "ready");
    EXPECT_THAT(seqs(), ElementsAre(3, 4, 5));
}

TEST_F(ControlStreams, ANumberThatIsStillToComeIsOfAnEarlierDaemonAndAllIsNews) {
    const ServiceId api = backend.add("api");
    backend.set_state(api, State::starting, "anew");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe", R"({"since_seq":500})"));
    backend.set_state(api, State::running, "ready");
    EXPECT_THAT(seqs(), ElementsAre(1, 2));
    EXPECT_FALSE(caller.answers.at(0)["parameters"].has("missed"));
}

TEST_F(ControlStreams, ASlowSubscriberGetsEveryEventLater) {
    const ServiceId api = backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe"));
    backend.set_state(api, State::starting, "1");
    caller.set_congested(true);
    for (int i = 0; i < 3; ++i) backend.set_state(api, State::running, "2-4");
    EXPECT_THAT(seqs(), ElementsAre(1));
    caller.set_congested(false);
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
}

TEST_F(ControlStreams, ASubscriberSlowerThanTheEventsForgetLearnsWhatItMissed) {
    const ServiceId api = backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe"));
    backend.set_state(api, State::starting, "1");
    caller.set_congested(true);
    for (size_t i = 0; i < EventRing::kRemembered + 5; ++i) backend.set_state(api, State::running, "more");
    caller.set_congested(false);
    ASSERT_EQ(caller.answers.size(), 1 + EventRing::kRemembered);
    EXPECT_EQ(caller.answers.at(1)["parameters"]["missed"].as_int(), 5);
    EXPECT_EQ(seqs().at(1), 7);
    EXPECT_FALSE(caller.answers.at(2)["parameters"].has("missed"));
}

struct KeptEvents : ControlStreams {
    KeptEvents() {
        const ServiceId api = backend.add("api"), db = backend.add("db");
        for (const ServiceId id : {api, db, db, api, db}) {
            backend.set_state(id, State::starting, "again");
            backend.wall += std::chrono::seconds(1);
        }
    }
    std::vector<int64_t> asked(const std::string& parameters) {
        EXPECT_TRUE(caller.call_more("org.yardmaster.Subscribe", parameters));
        if (caller.is_finished()) {
            EXPECT_EQ(caller.answers.back().dump(), R"({"parameters":{}})");
            caller.answers.pop_back();
        }
        return seqs();
    }
};

TEST_F(KeptEvents, WithoutFollowAllThatAreKeptAndThenTheEnd) {
    EXPECT_THAT(asked(R"({"follow":false})"), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_TRUE(caller.is_finished());
}

TEST_F(KeptEvents, TheLastOnesOnly) {
    EXPECT_THAT(asked(R"({"follow":false,"last":2})"), ElementsAre(4, 5));
    EXPECT_THAT(asked(R"({"follow":false,"last":0})"), ElementsAre());
    EXPECT_THAT(asked(R"({"follow":false,"last":100})"), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(KeptEvents, OfSomeServicesOnly) {
    EXPECT_THAT(asked(R"({"follow":false,"names":["api"]})"), ElementsAre(1, 4));
    EXPECT_THAT(asked(R"({"follow":false,"names":["db"],"last":2})"), ElementsAre(3, 5));
    EXPECT_TRUE(caller.call_more("org.yardmaster.Subscribe", R"({"names":["dbb"]})"));
    EXPECT_EQ(caller.answers.at(0)["error"].as_string(), "org.yardmaster.NoSuchService");
}

TEST_F(KeptEvents, YoungerThanAnAge) {
    EXPECT_THAT(asked(R"({"follow":false,"since_ms":2000})"), ElementsAre(4, 5));
    EXPECT_THAT(asked(R"({"follow":false,"since_ms":9223372036854775807,"last":3})"), ElementsAre(3, 4, 5));
    EXPECT_THAT(asked(R"({"follow":false,"since_ms":0})"), ElementsAre());
}

TEST_F(KeptEvents, ThenWhatHappensNext) {
    EXPECT_THAT(asked(R"({"last":1,"names":["db"]})"), ElementsAre(5));
    EXPECT_FALSE(caller.is_finished());
    backend.set_state(0, State::running, "ready");
    backend.set_state(1, State::running, "ready");
    EXPECT_THAT(seqs(), ElementsAre(5, 7));
}

TEST_F(KeptEvents, ACallerThatDoesNotReadGetsTheRestLater) {
    caller.set_congested(true);
    EXPECT_THAT(asked(R"({"follow":false})"), ElementsAre());
    caller.set_congested(false);
    EXPECT_EQ(caller.answers.size(), 6u);
    EXPECT_TRUE(caller.is_finished());
}

TEST_F(ControlStreams, SubscriberThatGoesAwayIsForgotten) {
    const ServiceId api = backend.add("api");
    ASSERT_TRUE(caller.call_more("org.yardmaster.Subscribe"));
    caller.hang_up();
    backend.set_state(api, State::running, "ready");
    EXPECT_TRUE(caller.answers.empty());
}

}  // namespace
}  // namespace yard::engine::control
