#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/exit_status.h"
#include "base/signal_number.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace yard {
namespace {

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, MoveAssignClosesWhatItHeld) {
    UniqueFd a(open("/dev/null", O_RDONLY | O_CLOEXEC)), b(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int first = a.get(), second = b.get();
    a = std::move(b);
    EXPECT_FALSE(is_open(first));
    EXPECT_TRUE(is_open(second));
    EXPECT_EQ(a.get(), second);
}

TEST(UniqueFd, SelfMoveKeepsTheDescriptor) {
    UniqueFd a(open("/dev/null", O_RDONLY | O_CLOEXEC));
    UniqueFd& same = a;
    a = std::move(same);
    EXPECT_TRUE(is_open(a.get()));
}

TEST(ExitStatus, AllExitCodesAndSignalsComeThroughWaitStatus) {
    for (int code = 0; code < 256; ++code) {
        EXPECT_EQ(ExitStatus::from_wait_status(code << 8), ExitStatus::from_exit_code(code));
    }
    EXPECT_EQ(ExitStatus::from_wait_status(SIGSEGV | 0x80), ExitStatus::from_signal(SIGSEGV, true));
    EXPECT_EQ(ExitStatus::from_signal(SIGKILL).as_shell_code(), 137);
}

TEST(SignalNumber, AcceptsTheUsualSpellings) {
    EXPECT_EQ(parse_signal("TERM"), SIGTERM);
    EXPECT_EQ(parse_signal("sigterm"), SIGTERM);
    EXPECT_EQ(parse_signal("15"), SIGTERM);
    EXPECT_EQ(parse_signal("RTMIN+3"), SIGRTMIN + 3);
    EXPECT_FALSE(parse_signal("0"));
    EXPECT_FALSE(parse_signal("NOPE"));
    EXPECT_FALSE(parse_signal(""));
    for (const SignalName& signal : all_signals()) EXPECT_EQ(parse_signal(signal.name), signal.number);
}

TEST(NearestWord, FindsTyposAndRejectsStrangers) {
    EXPECT_EQ(nearest_word("comand", {"env", "command"}), "command");
    EXPECT_EQ(nearest_word("stauts", {"start", "status"}), "status");
    EXPECT_EQ(nearest_word("zebra", {"start", "status"}), "");
}

TEST(NearestWord, IsNotWorkedOutForWhatIsFarTooLong) {
    const std::vector<std::string> candidates(10'000, std::string(64, 'a'));
    EXPECT_EQ(nearest_word(std::string(1 << 20, 'a'), candidates), "")
        << "or never, within the time of a test";
}

TEST(Text, DurationsForPeople) {
    EXPECT_EQ(format_duration(std::chrono::milliseconds(400)), "400ms");
    EXPECT_EQ(format_duration(std::chrono::milliseconds(1500)), "1.5s");
    EXPECT_EQ(format_duration(std::chrono::milliseconds(12'345)), "12s");
    EXPECT_EQ(format_duration(std::chrono::seconds(125)), "2m 5s");
    EXPECT_EQ(format_duration(std::chrono::hours(50)), "2d 2h");
}

TEST(Text, TimesAreRfc3339InUtc) {
    EXPECT_EQ(format_rfc3339(WallTime(std::chrono::milliseconds(1'500))), "1970-01-01T00:00:01.500Z");
    const auto at = [](int64_t ms) { return format_rfc3339(WallTime(std::chrono::milliseconds(ms))); };
    EXPECT_EQ(at(1'709'251'199'999), "2024-02-29T23:59:59.999Z");
    EXPECT_EQ(at(4'107'542'400'000), "2100-03-01T00:00:00.000Z");
    EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace yard
