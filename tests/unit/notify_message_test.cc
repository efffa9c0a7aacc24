#include "engine/notify/notify_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yard::engine {
namespace {

using std::chrono::microseconds;
using namespace std::string_view_literals;
using testing::Eq;
using testing::Optional;
using Lifecycle = NotifyMessage::Lifecycle;
using Watchdog = NotifyMessage::Watchdog;

// For datagrams that are well-formed.
NotifyMessage parsed(std::string_view datagram) {
    const auto message = parse_notify(datagram);
    EXPECT_TRUE(message) << datagram;
    return message.value_or(NotifyMessage{});
}

TEST(NotifyMessage, EveryKeyFillsItsField) {
    const auto message = parsed(
        "READY=1\nSTATUS=serving 3 clients\nMAINPID=4711\nERRNO=2\nMONOTONIC_USEC=5\nEXTEND_TIMEOUT_USEC=6\n"
        "WATCHDOG_USEC=7\nWATCHDOG=1\nBARRIER=1\n");
    EXPECT_EQ(message.lifecycle, Lifecycle::ready);
    EXPECT_THAT(message.status, Optional(Eq("serving 3 clients")));
    EXPECT_THAT(message.main_pid, Optional(4711));
    EXPECT_THAT(message.error_number, Optional(2));
    EXPECT_THAT(message.reload_began, Optional(microseconds(5)));
    EXPECT_THAT(message.extend_timeout, Optional(microseconds(6)));
    EXPECT_THAT(message.watchdog_interval, Optional(microseconds(7)));
    EXPECT_EQ(message.watchdog, Watchdog::alive);
    EXPECT_TRUE(message.barrier);
}

TEST(NotifyMessage, LifecycleIsThatOfTheLastLine) {
    EXPECT_EQ(parsed("RELOADING=1").lifecycle, Lifecycle::reloading);
    EXPECT_EQ(parsed("READY=1\nSTOPPING=1").lifecycle, Lifecycle::stopping);
    EXPECT_EQ(parsed("STOPPING=1\nREADY=1").lifecycle, Lifecycle::ready);
}

TEST(NotifyMessage, WatchdogCanBeTriggered) {
    EXPECT_EQ(parsed("WATCHDOG=trigger").watchdog, Watchdog::trigger);
    EXPECT_EQ(parsed("WATCHDOG=2").watchdog, Watchdog::none);
}

TEST(NotifyMessage, OfEqualKeysTheLastCounts) {
    EXPECT_THAT(parsed("STATUS=a\nSTATUS=b").status, Optional(Eq("b")));
    EXPECT_THAT(parsed("MAINPID=7\nMAINPID=none").main_pid, Optional(7));
}

TEST(NotifyMessage, UnknownLinesAreSkipped) {
    EXPECT_EQ(parsed("FDSTORE=1\n\nREADY\nX_MINE=a=b\n=1\nready=1\n READY=1"), NotifyMessage{});
    EXPECT_EQ(parsed(""), NotifyMessage{});
    EXPECT_EQ(parsed("\n\n\n"), NotifyMessage{});
}

TEST(NotifyMessage, ValuesThatMakeNoSenseAreSkipped) {
    for (const char* value : {"0", "01x", "", " 1", "+1", "-1", "yes"}) {
        const std::string text = value;
        EXPECT_EQ(parsed("READY=" + text).lifecycle, Lifecycle::none) << value;
        EXPECT_FALSE(parsed("MAINPID=" + text).main_pid) << value;
    }
    EXPECT_FALSE(parsed("MAINPID=2147483648").main_pid);
    EXPECT_FALSE(parsed("ERRNO=4096").error_number);
    EXPECT_FALSE(parsed("EXTEND_TIMEOUT_USEC=18446744073709551616").extend_timeout);
    EXPECT_FALSE(parsed("WATCHDOG_USEC=-1").watchdog_interval);
}

TEST(NotifyMessage, InfiniteTimeIsLimitedToWhatFitsIntoNanoseconds) {
    EXPECT_THAT(parsed("EXTEND_TIMEOUT_USEC=18446744073709551615").extend_timeout,
                Optional(kLongestNotifyTime));
    EXPECT_GT(std::chrono::nanoseconds(kLongestNotifyTime).count(), 0);
}

TEST(NotifyMessage, EmptyStatusIsAStatus) {
    EXPECT_THAT(parsed("STATUS=").status, Optional(Eq("")));
}

TEST(NotifyMessage, StatusIsMadePrintable) {
    EXPECT_THAT(parsed("STATUS=a\x1b[2Jb\xff").status, Optional(Eq("a [2Jb\xEF\xBF\xBD")));
}

TEST(NotifyMessage, NulIsAllowedAtTheEndOnly) {
    EXPECT_EQ(parsed("READY=1\0"sv).lifecycle, Lifecycle::ready);
    EXPECT_FALSE(parse_notify("READY=1\0\0"sv));
    EXPECT_FALSE(parse_notify("READY=1\0STATUS=x"sv));
}

TEST(NotifyMessage, LengthIsLimited) {
    const std::string longest = "READY=1\nSTATUS=" + std::string(kMaxNotifyBytes - 15, 'x');
    EXPECT_EQ(longest.size(), kMaxNotifyBytes);
    EXPECT_EQ(parsed(longest).lifecycle, Lifecycle::ready);
    EXPECT_FALSE(parse_notify(longest + "x"));
}

}  // namespace
}  // namespace yard::engine
