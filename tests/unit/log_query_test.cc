// Queries: the last lines, since when, which, of several services, and following.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "helpers/log_harness.h"

namespace yard::engine {
namespace {

using conf::LogPolicy;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LogQuery last_lines(std::vector<std::string> services, size_t lines) {
    LogQuery query;
    query.services = std::move(services);
    query.lines = lines;
    return query;
}

LogQuery all_of(std::vector<std::string> services) {
    LogQuery query;
    query.services = std::move(services);
    return query;
}

class LogQueries : public ::testing::TestWithParam<LogPolicy::Format> {
  protected:
    LogPolicy policy() const {
        LogPolicy policy;
        policy.format = GetParam();
        return policy;
    }
    // Writes a line and lets a second pass.
    void say(const std::string& service, const std::string& line) {
        logs_.write(service, line + "\n");
        logs_.flush();
        clock_.advance(seconds(1));
    }
    ManualClock clock_;
    LogHarness logs_{1, &clock_};
};

TEST_P(LogQueries, SeveralServicesAreMergedByTime) {
    ASSERT_TRUE(logs_.add("a", policy()));
    ASSERT_TRUE(logs_.add("b", policy()));
    say("a", "1");
    say("b", "2");
    say("b", "3");
    say("a", "4");
    EXPECT_THAT(logs_.query(all_of({"a", "b"})), ElementsAre("a: 1", "b: 2", "b: 3", "a: 4"));
    EXPECT_THAT(logs_.query(last_lines({"a", "b"}, 3)), ElementsAre("b: 2", "b: 3", "a: 4"));
    EXPECT_THAT(logs_.query(last_lines({"a"}, 1)), ElementsAre("a: 4"));
    EXPECT_THAT(logs_.query(last_lines({"a", "b"}, 100)), SizeIs(4));
    EXPECT_THAT(logs_.query(last_lines({"a", "b"}, 0)), IsEmpty());
}

TEST_P(LogQueries, SinceLeavesOutWhatIsOlder) {
    LogPolicy rotating = policy();
    rotating.max_size = 3000;
    rotating.keep = 100;
    ASSERT_TRUE(logs_.add("a", rotating));
    const WallTime start = clock_.wall_now();
    for (int i = 0; i < 500; ++i) say("a", "line " + std::to_string(i) + std::string(50, '.'));
    LogQuery query = all_of({"a"});
    for (const int from : {0, 1, 77, 250, 499, 500}) {
        query.since = start + seconds(from);
        const auto lines = logs_.query(query);
        ASSERT_THAT(lines, SizeIs(500 - from));
        if (from == 500) continue;
        EXPECT_EQ(lines.front(), "a: line " + std::to_string(from) + std::string(50, '.'));
    }
    query.since = start + seconds(490);
    query.lines = 100;
    EXPECT_THAT(logs_.query(query), SizeIs(10));
}

TEST_P(LogQueries, GrepPicksLinesAndLastCountsThem) {
    ASSERT_TRUE(logs_.add("a", policy()));
    std::string text;
    for (int i = 0; i < 1000; ++i) text += (i % 10 == 3 ? "warn " : "info ") + std::to_string(i) + "\n";
    logs_.write("a", text);
    logs_.flush();
    LogQuery query = last_lines({"a"}, 2);
    query.grep = "^(warn|error) [0-9]+$";
    EXPECT_THAT(logs_.query(query), ElementsAre("a: warn 983", "a: warn 993"));
    query.lines.reset();
    EXPECT_THAT(logs_.query(query), SizeIs(100));
}

TEST_P(LogQueries, FollowLosesAndRepeatsNothingOverRotation) {
    LogPolicy rotating = policy();
    rotating.max_size = 20'000;
    rotating.keep = 1000;
    rotating.compress = LogPolicy::Compress::zstd;
    ASSERT_TRUE(logs_.add("a", rotating));
    logs_.write("a", "old 1\nold 2\n");
    logs_.flush();
    LogQuery query = last_lines({"a"}, 1);
    query.follow = true;
    std::vector<std::string> seen, expected{"old 2"};
    auto stream = logs_.router->query(
        query,
        [&](std::vector<LogLineRecord> lines) {
            for (const LogLineRecord& line : lines) seen.push_back(line.line);
        },
        [] { FAIL() << "a query that follows does not end"; });
    ASSERT_TRUE(stream);
    ASSERT_TRUE(logs_.wait_until([&] { return seen.size() == 1; }));
    for (int i = 0; i < 20'000; ++i) {
        expected.push_back("line " + std::to_string(i));
        logs_.write("a", expected.back() + "\n");
        if (i % 100 == 0) logs_.turn();
    }
    EXPECT_TRUE(logs_.wait_until([&] { return seen.size() >= expected.size(); }));
    EXPECT_TRUE(seen == expected);
    EXPECT_GT(logs_.router->counters("a").rotations, 3u);
}

TEST_P(LogQueries, FollowMergesServicesAndSkipsWhatGrepDoesNotPick) {
    ASSERT_TRUE(logs_.add("a", policy()));
    ASSERT_TRUE(logs_.add("b", policy()));
    LogQuery query = last_lines({"a", "b"}, 0);
    query.follow = true;
    query.grep = "yes";
    std::vector<std::string> seen;
    auto stream = logs_.router->query(
        query,
        [&](std::vector<LogLineRecord> lines) {
            for (const LogLineRecord& line : lines) seen.push_back(line.service + ": " + line.line);
        },
        [] {});
    ASSERT_TRUE(stream);
    for (int i = 0; i < 3; ++i) {
        const std::string service = i % 2 == 0 ? "a" : "b";
        say(service, "no");
        say(service, "yes " + std::to_string(i));
        ASSERT_TRUE(logs_.wait_until([&] { return seen.size() == static_cast<size_t>(i + 1); }));
    }
    EXPECT_THAT(seen, ElementsAre("a: yes 0", "b: yes 1", "a: yes 2"));
}

TEST_P(LogQueries, FollowedLinesHaveTheTimesAtWhichTheyWereWritten) {
    ASSERT_TRUE(logs_.add("a", policy()));
    LogQuery query = all_of({"a"});
    query.follow = true;
    const WallTime start = clock_.wall_now();
    std::vector<WallTime> seen;
    auto stream = logs_.router->query(
        query,
        [&](std::vector<LogLineRecord> lines) {
            for (const LogLineRecord& line : lines) seen.push_back(line.time);
        },
        [] {});
    ASSERT_TRUE(stream);
    for (size_t i = 1; i <= 3; ++i) {
        say("a", "line");
        ASSERT_TRUE(logs_.wait_until([&] { return seen.size() == i; }));
    }
    EXPECT_THAT(seen, ElementsAre(start, start + seconds(1), start + seconds(2)));
}

TEST_P(LogQueries, LogOfARemovedServiceIsStillThere) {
    ASSERT_TRUE(logs_.add("a", policy()));
    logs_.write("a", "last words\n");
    logs_.remove("a");
    EXPECT_THAT(logs_.query(all_of({"a"})), ElementsAre("a: last words"));
}

TEST_P(LogQueries, LinesHaveTheirTimes) {
    ASSERT_TRUE(logs_.add("a", policy()));
    const WallTime start = clock_.wall_now();
    say("a", "one");
    say("a", "two");
    std::vector<WallTime> times;
    bool ended = false;
    auto stream = logs_.router->query(
        all_of({"a"}),
        [&](std::vector<LogLineRecord> lines) {
            for (const LogLineRecord& line : lines) times.push_back(line.time);
        },
        [&] { ended = true; });
    ASSERT_TRUE(logs_.wait_until([&] { return ended; }));
    EXPECT_THAT(times, ElementsAre(start, start + seconds(1)));
}

INSTANTIATE_TEST_SUITE_P(Formats, LogQueries,
                         ::testing::Values(LogPolicy::Format::raw, LogPolicy::Format::text,
                                           LogPolicy::Format::json));

TEST(LogQuery, HalfLineOfARawLogIsShown) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("a"));
    logs.write("a", "Name: x\nPassword: ");
    logs.flush();
    EXPECT_THAT(logs.query(all_of({"a"})), ElementsAre("a: Name: x", "a: Password: "));
    EXPECT_THAT(logs.query(last_lines({"a"}, 1)), ElementsAre("a: Password: "));
}

TEST(LogQuery, ServiceWithoutALogHasNoLines) {
    LogHarness logs;
    EXPECT_THAT(logs.query(all_of({"nobody"})), IsEmpty());
    EXPECT_THAT(logs.query(last_lines({"nobody"}, 5)), IsEmpty());
}

TEST(LogQuery, BadExpressionIsRefusedInASentence) {
    LogHarness logs;
    LogQuery query = all_of({"a"});
    query.grep = "a(b";
    const auto stream = logs.router->query(
        query, [](auto) {}, [] {});
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, EINVAL);
    EXPECT_THAT(stream.error().message, HasSubstr("\"a(b\" is not a regular expression: "));
}

TEST(LogQuery, LogThatCannotBeReadIsAnErrorThatNamesIt) {
    LogHarness logs;
    const std::string path = logs.folder / "a.log";
    ASSERT_EQ(symlink("a.log", path.c_str()), 0);  // to itself
    const auto stream = logs.router->query(all_of({"a"}), nullptr, nullptr);
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code, ELOOP);
    EXPECT_THAT(stream.error().message, HasSubstr("open " + path + ": "));
}

TEST(LogQuery, PausedStreamWaitsAndThenLosesNothing) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("a"));
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + "\n";
    logs.write("a", text);
    logs.flush();
    std::unique_ptr<LogRouter::Stream> stream;
    size_t lines = 0, batches = 0;
    bool ended = false;
    auto created = logs.router->query(
        all_of({"a"}),
        [&](std::vector<LogLineRecord> batch) {
            lines += batch.size();
            ++batches;
            stream->pause(true);
        },
        [&] { ended = true; });
    ASSERT_TRUE(created);
    stream = std::move(created).value();
    for (size_t batch = 1; !ended && batch < 100; ++batch) {
        ASSERT_TRUE(logs.wait_until([&] { return batches == batch || ended; }));
        logs.flush();  // loop and thread have turned; nothing may come
        ASSERT_EQ(batches, std::min(batch, batches));
        stream->pause(false);
    }
    ASSERT_TRUE(logs.wait_until([&] { return ended; }));
    EXPECT_EQ(lines, 10'000u);
    EXPECT_GT(batches, 2u);
}

TEST(LogQuery, DestroyedStreamIsSilentAlsoFromWithinItsCallback) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("a"));
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + "\n";
    logs.write("a", text);
    logs.flush();
    std::unique_ptr<LogRouter::Stream> stream;
    int batches = 0;
    auto created = logs.router->query(
        all_of({"a"}),
        [&](std::vector<LogLineRecord>) {
            ++batches;
            stream.reset();
        },
        [] { FAIL(); });
    ASSERT_TRUE(created);
    stream = std::move(created).value();
    ASSERT_TRUE(logs.wait_until([&] { return batches == 1; }));
    logs.flush();
    EXPECT_EQ(batches, 1);
}

TEST(LogQuery, RawLogWithoutItsIndexHasTheTimeOfItsFile) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("a"));
    logs.write("a", "line\n");
    logs.flush();
    std::filesystem::remove(logs.folder / "a.log.idx");
    LogQuery query = all_of({"a"});
    query.since = SystemClock().wall_now() - std::chrono::hours(1);
    EXPECT_THAT(logs.query(query), ElementsAre("a: line"));
    query.since = SystemClock().wall_now() + std::chrono::hours(1);
    EXPECT_THAT(logs.query(query), IsEmpty());
}

TEST(LogQuery, FormatMayChangeInTheMiddleOfAFile) {
    ManualClock clock;
    LogHarness logs(1, &clock);
    const WallTime start = clock.wall_now();
    for (const auto format : {LogPolicy::Format::text, LogPolicy::Format::raw, LogPolicy::Format::json}) {
        LogPolicy policy;
        policy.format = format;
        ASSERT_TRUE(logs.add("a", policy));
        logs.write("a", "line\n");
        logs.remove("a");
        clock.advance(seconds(10));
    }
    LogQuery query = all_of({"a"});
    EXPECT_THAT(logs.query(query), ElementsAre("a: line", "a: line", "a: line"));
    query.since = start + seconds(10);
    EXPECT_THAT(logs.query(query), SizeIs(2));
}

}  // namespace
}  // namespace yard::engine
