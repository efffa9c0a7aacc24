// The router as a whole: what services write is in their logs, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "helpers/log_harness.h"

namespace yard::engine {
namespace {

using conf::LogPolicy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr char kStamp[] = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

LogPolicy format(LogPolicy::Format format) {
    LogPolicy policy;
    policy.format = format;
    return policy;
}

// Text with lines of many lengths, empty ones among them.
std::string sample_text(size_t size) {
    std::mt19937 random(1);
    std::string text;
    while (text.size() < size) {
        text += std::string(random() % 300, static_cast<char>('a' + random() % 26));
        text += '\n';
    }
    return text;
}

std::string without_stamps(const std::string& log) {
    std::string text;
    for (const std::string& line : lines_of(log)) text += line.substr(25) + "\n";
    return text;
}

TEST(LogRouter, RawLogHoldsExactlyWhatWasWritten) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::raw)));
    const std::string text = sample_text(3 << 20) + std::string("\0no newline", 11);
    logs.write("api", text);
    logs.flush();
    EXPECT_TRUE(logs.log("api") == text);
    EXPECT_EQ(logs.router->counters("api").bytes_in, text.size());
}

TEST(LogRouter, TextLogHasATimeBeforeEachLine) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "one\n\ntwo\n");
    logs.flush();
    EXPECT_THAT(lines_of(logs.log("api")), ElementsAre(MatchesRegex(std::string(kStamp) + " one"),
                                                       MatchesRegex(std::string(kStamp) + " "),
                                                       MatchesRegex(std::string(kStamp) + " two")));
}

TEST(LogRouter, TextLogKeepsEveryByteOfMuchOutput) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    const std::string text = sample_text(5 << 20);
    logs.write("api", text);
    logs.flush();
    EXPECT_TRUE(without_stamps(logs.log("api")) == text);
}

TEST(LogRouter, JsonLogEscapesWhatJsonCannotHold) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::json)));
    logs.write("api", "say \"hi\"\t\\ \x01 gr\xC3\xBC\xC3\x9F \xFF\n");
    logs.flush();
    const std::string log = logs.log("api");
    EXPECT_THAT(log, HasSubstr(R"(","service":"api","line":"say \"hi\"\t\\ \u0001 gr)"
                               "\xC3\xBC\xC3\x9F \xEF\xBF\xBD\"}\n"));
}

TEST(LogRouter, HalfLineWaitsForItsEnd) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "first\nsec");
    logs.flush();
    EXPECT_THAT(lines_of(logs.log("api")), SizeIs(1));
    logs.write("api", "ond\n");
    logs.flush();
    EXPECT_EQ(without_stamps(logs.log("api")), "first\nsecond\n");
}

TEST(LogRouter, EndOfTheProcessEndsItsHalfLine) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "dying wor");
    logs.router->process_ended("api");
    logs.router->end_turn();
    ASSERT_TRUE(logs.wait_until([&] { return !logs.log("api").empty(); }));
    logs.write("api", "new life\n");
    logs.flush();
    EXPECT_EQ(without_stamps(logs.log("api")), "dying wor\nnew life\n");
}

TEST(LogRouter, RemoveWritesWhatIsLeftWithTheHalfLine) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "a\nhalf");
    logs.remove("api");
    EXPECT_EQ(without_stamps(logs.log("api")), "a\nhalf\n");
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "again\n");
    logs.remove("api");
    EXPECT_EQ(without_stamps(logs.log("api")), "a\nhalf\nagain\n");
}

TEST(LogRouter, LineLongerThanTheSpoolStaysOneLine) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    ASSERT_TRUE(logs.add("json", format(LogPolicy::Format::json)));
    std::string line;
    while (line.size() < (5 << 20) / 2) line += "gr\xC3\xBC\xC3\x9F" + std::to_string(line.size());
    for (const std::string name : {"api", "json"}) logs.write(name, line + "\nnext\n");
    logs.flush();
    EXPECT_TRUE(without_stamps(logs.log("api")) == line + "\nnext\n");
    EXPECT_THAT(lines_of(logs.log("json")), SizeIs(2));
    EXPECT_NE(logs.log("json").find(line), std::string::npos);
}

TEST(LogRouter, VeryLongLineGetsItsEndWhenItsProcessEnds) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    const std::string line(1 << 20, 'x');  // exactly a spool: written as a part, nothing of it left
    logs.write("api", line);
    logs.remove("api");
    EXPECT_TRUE(without_stamps(logs.log("api")) == line + "\n");
}

TEST(LogRouter, IdleSpoolHoldsNoMemory) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", sample_text(200'000));
    const auto blocks = [&] {
        struct stat info {};
        return logs.kept["api"].spool && fstat(logs.kept["api"].spool.get(), &info) == 0 ? info.st_blocks
                                                                                         : -1;
    };
    EXPECT_TRUE(logs.wait_until([&] { return blocks() == 0; }));
}

TEST(LogRouter, AnotherEngineGoesOnWhereTheLastStopped) {
    for (const auto kind : {LogPolicy::Format::raw, LogPolicy::Format::text, LogPolicy::Format::json}) {
        LogHarness logs;
        std::string expected;
        for (int engine = 0; engine < 20; ++engine) {
            ASSERT_TRUE(logs.add("api", format(kind)));
            for (int i = 0; i < 500; ++i) {
                const std::string line = "line " + std::to_string(engine * 500 + i) + "\n";
                expected += line;
                logs.write("api", line);
            }
            logs.stop();  // in the middle of whatever it does
            logs.start();
        }
        ASSERT_TRUE(logs.add("api", format(kind)));
        logs.flush();
        std::string seen;
        for (const std::string& line :
             logs.query({.services = {"api"}, .follow = false, .lines = {}, .since = {}, .grep = ""})) {
            seen += line.substr(5) + "\n";
        }
        EXPECT_TRUE(seen == expected) << static_cast<int>(kind);
    }
}

TEST(LogRouter, WhatWasWrittenWithoutARecordIsCutAndWrittenAgain) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "one\n");
    logs.flush();
    logs.stop();
    {
        std::ofstream log(logs.folder / "api.log", std::ios::app);
        log << "2026-01-01T00:00:00.000Z tw";  // an engine was killed here
    }
    logs.write("api", "two\n");
    logs.start();
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.flush();
    EXPECT_EQ(without_stamps(logs.log("api")), "one\ntwo\n");
}

TEST(LogRouter, FileOfAnotherPathIsNeverCut) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::text)));
    logs.write("api", "one\n");
    logs.flush();
    logs.stop();
    logs.start();
    const std::string precious(100, 'p');
    write_file(logs.folder / "other.log", precious + "\n");
    LogPolicy policy = format(LogPolicy::Format::text);
    policy.path = logs.folder / "other.log";
    ASSERT_TRUE(logs.add("api", policy));
    logs.flush();
    EXPECT_EQ(read_file(policy.path), precious + "\n");
}

TEST(LogRouter, ForeignRenameIsFollowedByReopen) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::raw)));
    logs.write("api", "before\n");
    logs.flush();
    std::filesystem::rename(logs.folder / "api.log", logs.folder / "elsewhere");
    logs.write("api", "between\n");
    logs.flush();
    logs.router->reopen();
    logs.flush();  // the log thread has heard of it
    logs.write("api", "after\n");
    logs.flush();
    EXPECT_EQ(read_file(logs.folder / "elsewhere"), "before\nbetween\n");
    EXPECT_EQ(logs.log("api"), "after\n");
}

TEST(LogRouter, EmptiedFileGrowsWithoutAHole) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", format(LogPolicy::Format::raw)));
    logs.write("api", "before\n");
    logs.flush();
    ASSERT_EQ(truncate((logs.folder / "api.log").c_str(), 0), 0);
    logs.write("api", "after\n");
    logs.flush();
    EXPECT_EQ(logs.log("api"), "after\n");
}

TEST(LogRouter, WatchedLinesComeWholeAndInOrder) {
    for (const auto kind : {LogPolicy::Format::raw, LogPolicy::Format::text}) {
        LogHarness logs;
        ASSERT_TRUE(logs.add("api", format(kind)));
        logs.router->watch_lines("api", true);
        std::vector<std::string> expected;
        for (int i = 0; i < 20'000; ++i) {
            expected.push_back("line " + std::to_string(i));
            logs.write("api", expected.back() + "\n");
        }
        EXPECT_TRUE(logs.wait_until([&] { return logs.watched.size() == expected.size(); }));
        EXPECT_TRUE(logs.watched == expected);
        logs.router->watch_lines("api", false);
        logs.write("api", "unwatched\n");
        logs.flush();
        EXPECT_EQ(logs.watched.size(), expected.size());
    }
}

TEST(LogRouter, LogThatCannotBeOpenedIsRefusedWithTheReason) {
    LogHarness logs;
    LogPolicy policy;
    policy.path = "/proc/no/such/place.log";
    const Status added = logs.add("api", policy);
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().message, HasSubstr("/proc/no/such/place.log"));
}

TEST(LogRouter, SecondChannelOfAServiceIsRefused) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api"));
    EXPECT_FALSE(logs.add("api"));
    logs.write("api", "unharmed\n");
    logs.flush();
    EXPECT_EQ(logs.log("api"), "unharmed\n");
}

TEST(LogRouter, SilentServiceHasNoFile) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api"));
    logs.flush();
    EXPECT_FALSE(std::filesystem::exists(logs.folder / "api.log"));
    EXPECT_FALSE(logs.kept["api"].spool);
}

TEST(LogRouter, SilentServiceCanBeRemovedReadAndTakenUpAgain) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api"));
    LogQuery query;
    query.services = {"api"};
    EXPECT_THAT(logs.query(query), ElementsAre());
    logs.remove("api");
    logs.write("api", "while nobody listens\n");
    ASSERT_TRUE(logs.add("api"));
    logs.flush();
    EXPECT_EQ(logs.log("api"), "while nobody listens\n");
}

TEST(LogRouter, FileThatCannotBeOpenedIsToldOnceAndTriedAgain) {
    LogHarness logs;
    std::filesystem::create_directory(logs.folder / "api.log");
    ASSERT_TRUE(logs.add("api"));
    logs.write("api", "kept\n");
    ASSERT_TRUE(logs.wait_until([&] { return !logs.problems.empty(); }));
    EXPECT_THAT(logs.problems.front(), HasSubstr("api.log"));
    std::filesystem::remove(logs.folder / "api.log");
    logs.flush();
    EXPECT_EQ(logs.log("api"), "kept\n");
    EXPECT_EQ(logs.problems.size(), 1u);
}

TEST(LogRouter, WhatIsAskedMeanwhileDoesNotPutTheNextAttemptOff) {
    LogHarness logs;
    std::filesystem::create_directory(logs.folder / "api.log");
    ASSERT_TRUE(logs.add("api"));
    logs.write("api", "kept\n");
    ASSERT_TRUE(logs.wait_until([&] { return !logs.problems.empty(); }));
    for (int i = 0; i < 64; ++i) {
        logs.router->process_ended("api");
        logs.router->end_turn();
        logs.turn();
    }
    std::filesystem::remove(logs.folder / "api.log");
    const BootTime before = SystemClock().now();
    logs.flush();
    EXPECT_EQ(logs.log("api"), "kept\n");
    EXPECT_LT(SystemClock().now() - before, std::chrono::seconds(2));  // 5 s is the longest pause
}

TEST(LogRouter, ServiceWithoutOutputsIsDrained) {
    LogHarness logs;
    LogPolicy policy;
    policy.to_file = false;
    ASSERT_TRUE(logs.add("api", policy));
    logs.write("api", std::string(1 << 20, 'x'));
    logs.flush();
    EXPECT_EQ(logs.router->counters("api").bytes_in, 1u << 20);
}

// Files cannot grow beyond a size: as on a full disk, writes fail (the log thread blocks SIGXFSZ).
class LogRouterOnFullDisk : public ::testing::Test {
  protected:
    static constexpr size_t kDisk = 4 << 20;  // more than a spool file ever has
    LogRouterOnFullDisk() {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = kDisk;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~LogRouterOnFullDisk() override { make_space(); }
    void make_space() { setrlimit(RLIMIT_FSIZE, &before_); }

    void fill(LogHarness& logs, LogPolicy policy) {
        filler_ = sample_text(kDisk);
        policy.max_size = 0;
        ASSERT_TRUE(logs.add("api", policy));
        logs.write("api", filler_);
        ASSERT_TRUE(logs.wait_until([&] { return !logs.problems.empty(); }));
    }
    rlimit before_{};
    std::string filler_;
};

TEST_F(LogRouterOnFullDisk, BlockKeepsEverythingAndTellsOnce) {
    LogHarness logs;
    fill(logs, format(LogPolicy::Format::raw));
    std::string more;
    const std::string chunk = sample_text(4000);
    // The spool takes its fill, then the pipe, then nothing.
    ASSERT_TRUE(logs.wait_until([&] {
        const size_t size = logs.try_write("api", chunk);
        more += chunk.substr(0, size);
        return size == 0 && logs.router->counters("api").bytes_in >= kDisk + (1 << 19);
    }));
    EXPECT_THAT(logs.router->trouble("api"), HasSubstr("File too large"));
    make_space();
    logs.flush();
    EXPECT_TRUE(logs.wait_until([&] { return !logs.resumed.empty(); }));
    EXPECT_EQ(logs.router->trouble("api"), "");
    EXPECT_THAT(logs.resumed, ElementsAre("api"));
    EXPECT_TRUE(logs.log("api") == filler_ + more);
    EXPECT_THAT(logs.problems, ElementsAre(HasSubstr("File too large")));
    EXPECT_EQ(logs.router->counters("api").dropped_bytes, 0u);
}

// Every line is in the log or counted, and the marker says how many are not.
void check_dropped(LogHarness& logs, const std::string& written) {
    const LogCounters counters = logs.router->counters("api");
    std::string log = logs.log("api");
    const std::string start = "[yardmaster: ";
    const size_t marker = log.find(start);
    ASSERT_NE(marker, std::string::npos);
    EXPECT_EQ(log.find(start, marker + 1), std::string::npos);
    EXPECT_EQ(std::stoull(log.substr(marker + start.size())), counters.dropped_bytes);
    EXPECT_THAT(log, HasSubstr("(" + std::to_string(counters.dropped_lines) + " lines) dropped here"));
    EXPECT_EQ(log[marker - 1], '\n');
    log.erase(marker, log.find('\n', marker) + 1 - marker);
    EXPECT_GT(counters.dropped_bytes, 0u);
    EXPECT_LE(written.size() - log.size(), counters.dropped_bytes);      // a newline of ours may stand at
    EXPECT_GE(written.size() - log.size() + 1, counters.dropped_bytes);  // the place
}

TEST_F(LogRouterOnFullDisk, DropNewestLetsTheServiceRunAndSaysWhatIsMissing) {
    LogHarness logs;
    LogPolicy policy = format(LogPolicy::Format::raw);
    policy.when_full = LogPolicy::WhenFull::drop_newest;
    fill(logs, policy);
    const std::string more = sample_text(3 << 20);
    logs.write("api", more);  // returns although nothing can be written
    ASSERT_TRUE(logs.wait_until(
        [&] { return logs.router->counters("api").bytes_in == filler_.size() + more.size(); }));
    make_space();
    logs.flush();
    logs.write("api", "last\n");
    logs.flush();
    check_dropped(logs, filler_ + more + "last\n");
    EXPECT_TRUE(logs.log("api").ends_with("\nlast\n"));
}

TEST_F(LogRouterOnFullDisk, DropOldestKeepsTheLatestAndSaysWhatIsMissing) {
    LogHarness logs;
    LogPolicy policy = format(LogPolicy::Format::raw);
    policy.when_full = LogPolicy::WhenFull::drop_oldest;
    fill(logs, policy);
    const std::string more = sample_text(3 << 20);
    logs.write("api", more);
    ASSERT_TRUE(logs.wait_until(
        [&] { return logs.router->counters("api").bytes_in == filler_.size() + more.size(); }));
    make_space();
    logs.flush();
    check_dropped(logs, filler_ + more);
    EXPECT_TRUE(logs.log("api").ends_with(more.substr(more.size() - (1 << 19))));
}

}  // namespace
}  // namespace yard::engine
