// The small parts of the log: JSON text, stamped lines, lines of a file in both directions, pace of reading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "engine/logs/intake.h"
#include "engine/logs/json_text.h"
#include "engine/logs/line_file.h"
#include "engine/logs/line_format.h"
#include "engine/logs/stamped_line.h"
#include "engine/logs/time_index.h"
#include "helpers/log_harness.h"

namespace yard::engine::logs {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string escaped(std::string_view text) {
    std::string out;
    append_json_escaped(out, text);
    return out;
}

TEST(JsonText, InvalidUtf8BecomesReplacementCharacters) {
    const std::string bad = "\xEF\xBF\xBD";
    EXPECT_EQ(escaped("\xFF"), bad);
    EXPECT_EQ(escaped("a\xC3"), "a" + bad);                         // cut short
    EXPECT_EQ(escaped("\xC0\xAF"), bad + bad);                      // overlong
    EXPECT_EQ(escaped("\xED\xA0\x80"), bad + bad + bad);            // a surrogate
    EXPECT_EQ(escaped("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // beyond U+10FFFF
    EXPECT_EQ(escaped("\xF0\x9F\x98\x80 \xE2\x82\xAC"), "\xF0\x9F\x98\x80 \xE2\x82\xAC");
}

TEST(JsonText, WhatIsWrittenIsReadBack) {
    std::mt19937 random(3);
    for (int round = 0; round < 1000; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) text += static_cast<char>(random() % 128);
        EXPECT_EQ(parse_json_text(escaped(text) + "\"}"), text);
    }
    EXPECT_FALSE(parse_json_text("no end"));
    EXPECT_FALSE(parse_json_text("\\"));
    EXPECT_FALSE(parse_json_text("\\u12\""));
    EXPECT_EQ(parse_json_text("\\u20ac\\/\""), "\xE2\x82\xAC/");
}

TEST(JsonText, PartEndsBetweenCharacters) {
    const std::string text = "ab\xF0\x9F\x98\x80";
    EXPECT_EQ(whole_utf8_size(text), 6u);
    for (const size_t cut : {3, 4, 5}) EXPECT_EQ(whole_utf8_size(text.substr(0, cut)), 2u);
    EXPECT_EQ(whole_utf8_size("\x80\x80\x80\x80"), 4u);  // nobody's other half
}

TEST(StampedLine, BothFormatsAreReadBack) {
    const WallTime time(seconds(1'700'000'000) + milliseconds(7));
    for (const auto kind : {LineFormat::Kind::text, LineFormat::Kind::json}) {
        LineFormat format(kind, "a \"quoted\" name");
        format.set_time(time);
        std::string out;
        format_lines(format, "line \"one\"\n", false, false, 1000, true, out);
        out.pop_back();
        const auto stamped = parse_stamped(out);
        ASSERT_TRUE(stamped) << out;
        EXPECT_EQ(stamped->time, time);
        EXPECT_EQ(stamped->text, "line \"one\"");
    }
}

TEST(StampedLine, OtherLinesAreNot) {
    for (const char* line :
         {"", "hello", "2026-01-31T12:00:00.123Z", "2026-13-31T12:00:00.123Z x", "2026-01-31 12:00:00.123Z x",
          "{\"time\":\"2026-01-31T12:00:00.123Z\"}", "{\"time\":\"\"}"}) {
        EXPECT_FALSE(parse_stamped(line)) << line;
    }
}

TEST(StampedLine, TimeIsReadAsItIsWritten) {
    for (const int64_t second : {0LL, 951'782'400LL, 1'709'164'799LL, 4'102'444'800LL}) {
        const WallTime time{seconds(second) + milliseconds(999)};
        EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
    }
}

// All lines from the beginning to the end, or found from the end back to the beginning (in the file's order
// too).
std::vector<std::string> lines_forward(LineFile& file) {
    std::vector<std::string> lines;
    uint64_t at = 0;
    while (const auto line = file.at(at)) {
        lines.emplace_back(line->text);
        at = line->end;
    }
    return lines;
}

std::vector<std::string> lines_backward(LineFile& file) {
    std::vector<std::string> lines;
    uint64_t at = file.size();
    while (const auto line = file.before(at)) {
        lines.emplace(lines.begin(), line->text);
        at = line->begin;
    }
    return lines;
}

TEST(LineFile, LinesAreTheSameInBothDirections) {
    std::mt19937 random(5);
    TemporaryFolder folder;
    std::string text;
    std::vector<std::string> lines;
    for (int i = 0; i < 300; ++i) {
        lines.emplace_back(random() % (i % 50 == 0 ? 300'000 : 200), static_cast<char>('a' + i % 26));
        text += lines.back() + "\n";
    }
    write_file(folder / "f", text);
    LineFile file(UniqueFd(open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC)));
    EXPECT_TRUE(lines_forward(file) == lines);
    EXPECT_TRUE(lines_backward(file) == lines);
}

TEST(LineFile, LineBeyondTheLimitComesInParts) {
    TemporaryFolder folder;
    write_file(folder / "f", std::string(LineFile::kLongestLine * 5 / 2, 'x') + "\nend\n");
    LineFile file(UniqueFd(open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC)));
    for (const auto& parts : {lines_forward(file), lines_backward(file)}) {
        EXPECT_THAT(parts, ::testing::SizeIs(4));
        size_t size = 0;
        for (const std::string& part : parts) size += part.size();
        EXPECT_EQ(size, LineFile::kLongestLine * 5 / 2 + 3);
        EXPECT_EQ(parts.back(), "end");
    }
}

TEST(LineFile, HalfLineIsNotComplete) {
    TemporaryFolder folder;
    write_file(folder / "f", "one\ntw");
    LineFile file(UniqueFd(open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC)));
    EXPECT_FALSE(file.at(4)->complete);
    EXPECT_FALSE(file.before(6)->complete);
    EXPECT_TRUE(file.before(4)->complete);
    write_file(folder / "f", "one\ntwo\n");  // it grew meanwhile
    EXPECT_EQ(file.at(4)->text, "two");
}

TEST(TimeIndex, EntriesAreSparseAndEndWhereTheFormatChanges) {
    TemporaryFolder folder;
    const WallTime start{seconds(1000)};
    TimeIndexWriter writer(folder / "i");
    writer.note(0, start);
    writer.note(50, start + milliseconds(99));  // too soon
    writer.note(100, start + milliseconds(100));
    TimeIndexWriter(folder / "i").end(200);
    const TimeIndex index(UniqueFd(open((folder / "i").c_str(), O_RDONLY | O_CLOEXEC)));
    EXPECT_EQ(index.time_at(0), start);
    EXPECT_EQ(index.time_at(99), start);
    EXPECT_EQ(index.time_at(100), start + milliseconds(100));
    EXPECT_FALSE(index.time_at(200));
    EXPECT_FALSE(TimeIndex().time_at(0));
}

TEST(Pace, SingleLineLetsMoreGatherForAMillisecond) {
    Pace pace(64 << 10);
    EXPECT_EQ(pace.pause_after(80, false, BootTime(seconds(100))), Pace::kLongest);
}

TEST(Pace, SteadyWriterFillsHalfThePipeBetweenLooks) {
    Pace pace(64 << 10);
    BootTime now(seconds(100));
    pace.pause_after(100, false, now);
    Duration pause{};
    for (int look = 0; look < 20; ++look) {  // 200 bytes a microsecond
        now += microseconds(200);
        pause = pace.pause_after(40'000, false, now);
    }
    EXPECT_NEAR(static_cast<double>(pause.count()), 32768 / 200.0 * 1000, 1000);
}

TEST(Pace, FullPipeIsReadAgainAtOnceAndSoonerFromThenOn) {
    Pace pace(64 << 10);
    BootTime now(seconds(100));
    pace.pause_after(100, false, now);
    now += milliseconds(1);
    const Duration usual = pace.pause_after(30'000, false, now);
    EXPECT_EQ(pace.pause_after(30'000, true, now += milliseconds(1)), Duration::zero());
    EXPECT_LT(pace.pause_after(30'000, false, now += milliseconds(1)), usual);
}

TEST(FormatLines, TakesWhatFitsAndAtLeastOneWhenForced) {
    LineFormat format(LineFormat::Kind::text, "a");
    format.set_time(WallTime{});
    std::string out;
    EXPECT_EQ(format_lines(format, "12345\n12345\n12345\n", false, false, 70, false, out).taken, 12u);
    EXPECT_EQ(out.size(), 62u);
    out.clear();
    EXPECT_EQ(format_lines(format, "12345\n12345\n", false, false, 10, false, out).taken, 0u);
    EXPECT_EQ(out, "");
    EXPECT_EQ(format_lines(format, "12345\n12345\n", false, false, 10, true, out).taken, 6u);
}

}  // namespace
}  // namespace yard::engine::logs
