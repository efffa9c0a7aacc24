// Logs on the daemon's standard output: prefixes, several services, and readers that are slow or gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "helpers/log_harness.h"

namespace yard::engine {
namespace {

using conf::LogPolicy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

LogPolicy to_stdout(LogPolicy::Format format, bool to_file = false) {
    LogPolicy policy;
    policy.format = format;
    policy.to_stdout = true;
    policy.to_file = to_file;
    return policy;
}

// Two ends of something like standard output; what comes is read without waiting.
class Reader {
  public:
    explicit Reader(bool socket) {
        int ends[2];
        const int made =
            socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC);
        EXPECT_EQ(made, 0);
        in_ = UniqueFd(ends[0]);
        out_ = UniqueFd(ends[1]);
        fcntl(in_.get(), F_SETFL, O_NONBLOCK);
    }
    int out() const { return out_.get(); }
    const std::string& text() {
        char buffer[4096];
        for (ssize_t size; (size = read(in_.get(), buffer, sizeof buffer)) > 0;)
            text_.append(buffer, static_cast<size_t>(size));
        return text_;
    }
    void go_away() { in_.reset(); }

  private:
    UniqueFd in_, out_;
    std::string text_;
};

class LogStdout : public ::testing::TestWithParam<bool> {
  protected:
    Reader reader_{GetParam()};
    LogHarness logs_{reader_.out()};

    bool comes(const std::string& end) {
        return logs_.wait_until([&] { return reader_.text().ends_with(end); });
    }
};

TEST_P(LogStdout, LinesStandBehindAlignedNames) {
    ASSERT_TRUE(logs_.add("api", to_stdout(LogPolicy::Format::raw)));
    ASSERT_TRUE(logs_.add("database", to_stdout(LogPolicy::Format::text)));
    logs_.write("api", "hello\n");
    ASSERT_TRUE(comes("hello\n"));
    logs_.write("database", "there\n");
    ASSERT_TRUE(comes("there\n"));
    EXPECT_THAT(lines_of(reader_.text()),
                ElementsAre("api      | hello", MatchesRegex("database \\| [-0-9T:.]+Z there")));
}

TEST_P(LogStdout, JsonLinesHaveNoPrefix) {
    ASSERT_TRUE(logs_.add("api", to_stdout(LogPolicy::Format::json)));
    logs_.write("api", "hello\n");
    ASSERT_TRUE(comes("\"line\":\"hello\"}\n"));
    EXPECT_THAT(reader_.text(), StartsWith("{\"time\":\""));
}

TEST_P(LogStdout, HalfLineIsEndedWithItsProcess) {
    ASSERT_TRUE(logs_.add("api", to_stdout(LogPolicy::Format::raw, true)));
    logs_.write("api", "one\nhalf");
    logs_.remove("api");
    EXPECT_EQ(reader_.text(), "api | one\napi | half\n");
    EXPECT_EQ(logs_.log("api"), "one\nhalf");
}

TEST_P(LogStdout, SlowReaderGetsEverythingAndHoldsOnlyItsOwnServicesUp) {
    ASSERT_TRUE(logs_.add("loud", to_stdout(LogPolicy::Format::raw, true)));
    ASSERT_TRUE(logs_.add("also", to_stdout(LogPolicy::Format::raw)));
    ASSERT_TRUE(logs_.add("file", LogPolicy{}));
    const std::string line(99, 'x');
    size_t loud = 0;
    // Until nothing goes any more: the reader has not read a byte.
    for (int idle = 0; idle < 20;) {
        const size_t size = logs_.try_write("loud", line + "\n");
        loud += size;
        idle = size == 0 ? idle + 1 : 0;
        if (size == 0) logs_.turn();
    }
    EXPECT_GT(loud, 1u << 20);
    logs_.write("also", "waits\n");
    logs_.write("file", "passes\n");
    ASSERT_TRUE(logs_.wait_until([&] { return logs_.log("file") == "passes\n"; }));

    std::string expected;
    for (size_t done = 0; done < loud; done += 100) expected += "loud | " + line + "\n";
    ASSERT_TRUE(logs_.wait_until([&] { return reader_.text().size() >= expected.size() + 13; }));
    std::string seen = reader_.text();
    const size_t other = seen.find("also | waits\n");
    ASSERT_NE(other, std::string::npos);
    seen.erase(other, 13);
    // The last line may be cut where the pipe was full: a half line waits for its end.
    EXPECT_TRUE(seen == expected.substr(0, seen.size()));
    logs_.flush();
    EXPECT_EQ(logs_.log("loud").size(), seen.size() / 107 * 100);
}

TEST_P(LogStdout, GoneReaderIsToldOnceAndForgotten) {
    ASSERT_TRUE(logs_.add("api", to_stdout(LogPolicy::Format::raw, true)));
    reader_.go_away();
    const std::string text(3 << 20, '\n');
    logs_.write("api", text);
    logs_.flush();
    EXPECT_EQ(logs_.log("api").size(), text.size());
    EXPECT_THAT(logs_.problems, ElementsAre(HasSubstr("standard output: Broken pipe")));
}

INSTANTIATE_TEST_SUITE_P(PipeAndSocket, LogStdout, ::testing::Bool());

TEST(LogStdoutFile, IsWrittenAtTheSharedOffset) {
    TemporaryFolder folder;
    const UniqueFd file(open((folder / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(write(file.get(), "before\n", 7), 7);
    LogHarness logs(file.get());
    ASSERT_TRUE(logs.add("api", to_stdout(LogPolicy::Format::raw)));
    logs.write("api", "hello\n");
    logs.flush();
    EXPECT_EQ(read_file(folder / "out"), "before\napi | hello\n");
}

TEST(LogStdoutClosed, FilesAreWrittenAllTheSame) {
    LogHarness logs(-1);
    ASSERT_TRUE(logs.add("api", to_stdout(LogPolicy::Format::raw, true)));
    logs.write("api", "hello\n");
    logs.flush();
    EXPECT_EQ(logs.log("api"), "hello\n");
}

}  // namespace
}  // namespace yard::engine
