#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ready/log_probe.h"

namespace yard::engine {
namespace {

using testing::HasSubstr;

bool matches(const std::string& pattern, std::string_view line) {
    bool ready = false;
    auto probe = LogProbe::create(pattern, [&] { ready = true; });
    EXPECT_TRUE(probe);
    (*probe)->on_line(line);
    return ready;
}

TEST(LogProbe, MatchesAnywhereInALineByExtendedExpressions) {
    EXPECT_TRUE(matches("(listening|ready) on [0-9]+", "info: listening on 80."));
    EXPECT_FALSE(matches("(listening|ready) on [0-9]+", "info: listening on x"));
}

TEST(LogProbe, AnchorsAreTheEndsOfTheLine) {
    EXPECT_TRUE(matches("^ready$", "ready"));
    EXPECT_FALSE(matches("^ready$", "not ready"));
    EXPECT_TRUE(matches("^$", ""));
}

TEST(LogProbe, LooksOnlyAtTheBytesOfTheLine) {
    const std::string_view buffer = "not yet|ready";
    EXPECT_FALSE(matches("ready", buffer.substr(0, 7)));
    EXPECT_TRUE(matches("ready", std::string_view("\0ready", 6)));
}

TEST(LogProbe, OfALongLineTheBeginningCounts) {
    const std::string padding(LogProbe::kMaxLineBytes - 5, 'x');
    EXPECT_TRUE(matches("ready", padding + "ready"));
    EXPECT_FALSE(matches("ready", padding + "xready"));
}

TEST(LogProbe, IsReadyOnce) {
    int times = 0;
    auto probe = LogProbe::create("ready", [&] { ++times; });
    (*probe)->on_line("starting");
    EXPECT_EQ(times, 0);
    (*probe)->on_line("ready");
    (*probe)->on_line("ready");
    EXPECT_EQ(times, 1);
}

TEST(LogProbe, MayBeDestroyedByItsCallback) {
    std::unique_ptr<LogProbe> probe;
    auto made = LogProbe::create("ready", [&] { probe.reset(); });
    probe = std::move(*made);
    probe->on_line("ready");
    EXPECT_EQ(probe, nullptr);
}

TEST(LogProbe, BadExpressionIsRefusedWithTheReason) {
    const auto probe = LogProbe::create("(", [] {});
    ASSERT_FALSE(probe);
    EXPECT_THAT(probe.error().message, HasSubstr("log \"(\" is no extended regular expression: "));
}

TEST(LogProbe, FailureNamesThePattern) {
    const auto probe = LogProbe::create("up", [] {});
    EXPECT_EQ((*probe)->last_failure(), "log \"up\": no line matched");
}

}  // namespace
}  // namespace yard::engine
