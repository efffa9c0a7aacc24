// Every kind of probe from its configuration to readiness, against real sockets and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <fstream>

#include "engine/ready/net_address.h"
#include "engine/ready/probe.h"
#include "engine/ready/ready_fifo.h"
#include "fakes/fake_command_runner.h"
#include "helpers/loop_test.h"
#include "helpers/tcp_server.h"

namespace yard::engine {
namespace {

using conf::Readiness;
using testing::ElementsAre;
using testing::StartsWith;
using Kind = Readiness::Kind;

Readiness readiness(Kind kind, const std::string& target) {
    Readiness made;
    made.kind = kind;
    made.target = target;
    made.interval = conf::Milliseconds(1);
    return made;
}

Readiness exec_readiness(std::vector<std::string> command) {
    Readiness made = readiness(Kind::exec, "");
    made.command = std::move(command);
    return made;
}

Readiness fd_readiness(int fd) {
    Readiness made = readiness(Kind::fd, "");
    made.fd = fd;
    return made;
}

class ProbeTest : public LoopTest {
  protected:
    Result<std::unique_ptr<Probe>> try_start(const Readiness& wanted) {
        return Probe::start(loop(), wanted,
                            {.name = "api", .cwd = path(""), .ready_fifo = path("fifo"), .since = {}},
                            runner_, [this] { ++ready_; });
    }
    void start(const Readiness& wanted) {
        auto started = try_start(wanted);
        ASSERT_TRUE(started) << started.error().message;
        probe_ = std::move(*started);
        EXPECT_EQ(ready_, 0);
    }
    void start(Kind kind, const std::string& target) { start(readiness(kind, target)); }
    bool becomes_ready() {
        return run_until([&] { return ready_ > 0; });
    }
    bool fails_with(const std::string& failure) {
        return run_until([&] { return probe_->last_failure() == failure; });
    }
    static std::string local(const TcpPort& port) { return "127.0.0.1:" + std::to_string(port.number()); }

    FakeCommandRunner runner_;
    std::unique_ptr<Probe> probe_;
    int ready_ = 0;
};

TEST_F(ProbeTest, TcpIsReadyWhenThePortListens) {
    const TcpPort port;
    start(Kind::tcp, local(port));
    ASSERT_TRUE(fails_with("tcp " + local(port) + ": Connection refused"));
    EXPECT_EQ(ready_, 0);
    port.listen();
    ASSERT_TRUE(becomes_ready());
    EXPECT_TRUE(is_idle());
    EXPECT_EQ(ready_, 1);
}

TEST_F(ProbeTest, TcpSpeaksIpv6) {
    const TcpPort port(AF_INET6);
    if (!port.valid()) GTEST_SKIP() << "no IPv6 here";
    port.listen();
    start(Kind::tcp, "[::1]:" + std::to_string(port.number()));
    EXPECT_TRUE(becomes_ready());
}

TEST_F(ProbeTest, UnixIsReadyWhenTheSocketListens) {
    start(Kind::unix_socket, "s");
    const std::string prefix = "unix " + path("") + "/s: ";
    ASSERT_TRUE(fails_with(prefix + "No such file or directory"));
    const UniqueFd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path("s"));
    ASSERT_EQ(bind(server.get(), address->get(), address->size), 0);
    ASSERT_TRUE(fails_with(prefix + "Connection refused"));
    listen(server.get(), 1);
    ASSERT_TRUE(becomes_ready());
    EXPECT_TRUE(is_idle());
}

TEST_F(ProbeTest, HttpIsReadyByAStatusBelow400) {
    const TcpPort port;
    CannedServer server(loop(), port, {"HTTP/1.", "1 302 Fo", "und\r\n", "Location: /x\r\n\r\n"});
    start(Kind::http, "http://" + local(port) + "/health?a=b#c");
    ASSERT_TRUE(becomes_ready());
    EXPECT_THAT(server.request, StartsWith("GET /health?a=b HTTP/1.1\r\nHost: " + local(port) + "\r\n"));
    EXPECT_THAT(server.request, testing::EndsWith("\r\n\r\n"));
}

TEST_F(ProbeTest, HttpErrorIsNoReadiness) {
    const TcpPort port;
    CannedServer server(loop(), port, {"HTTP/1.1 503 Busy\r\n\r\n"});
    start(Kind::http, "http://" + local(port));
    EXPECT_TRUE(fails_with("http http://" + local(port) + ": status 503"));
    EXPECT_EQ(ready_, 0);
}

TEST_F(ProbeTest, HttpAnswerMustBeHttp) {
    const TcpPort port;
    CannedServer server(loop(), port, {"220 smtp here\r\n"});
    start(Kind::http, "http://" + local(port));
    EXPECT_TRUE(fails_with("http http://" + local(port) + ": the answer is not HTTP/1"));
}

TEST_F(ProbeTest, HttpAnswerMustBeginBeforeTheEnd) {
    const TcpPort port;
    CannedServer server(loop(), port, {"HTTP/1.1 200 OK"});
    start(Kind::http, "http://" + local(port));
    EXPECT_TRUE(
        fails_with("http http://" + local(port) + ": the connection was closed without an HTTP status"));
}

TEST_F(ProbeTest, HttpWithoutAServerIsRefused) {
    const TcpPort port;
    start(Kind::http, "http://" + local(port));
    EXPECT_TRUE(fails_with("http http://" + local(port) + ": Connection refused"));
}

TEST_F(ProbeTest, HttpCanBeCancelledWhileTheServerIsSilent) {
    const TcpPort port;
    {
        CannedServer server(loop(), port, {});
        start(Kind::http, "http://" + local(port));
        ASSERT_TRUE(run_until([&] { return !server.request.empty(); }));
        probe_.reset();
    }
    EXPECT_TRUE(is_idle());
    EXPECT_EQ(ready_, 0);
}

TEST_F(ProbeTest, ExecIsReadyByExitCodeZero) {
    start(exec_readiness({"check", "-q"}));
    ASSERT_EQ(runner_.running.size(), 1u);
    EXPECT_THAT(runner_.running[1].command, ElementsAre("check", "-q"));
    EXPECT_EQ(runner_.running[1].service, "api");
    EXPECT_EQ(runner_.running[1].output, CommandRunner::Output::last_line);

    using Ended = CommandRunner::Ended;
    const std::pair<Result<Ended>, std::string> failures[] = {
        {Ended{ExitStatus::from_exit_code(3), ""}, "exec check: exit 3"},
        {Ended{ExitStatus::from_exit_code(3), "no answer"}, "exec check: exit 3: no answer"},
        {Ended{ExitStatus::from_signal(9), ""}, "exec check: killed by SIGKILL"},
        {fail("chdir /x: No such file or directory"), "exec check: chdir /x: No such file or directory"},
    };
    for (const auto& [outcome, text] : failures) {
        const auto id = runner_.last_id;
        runner_.finish(outcome);
        ASSERT_TRUE(run_until([&] { return runner_.last_id > id; }));
        EXPECT_EQ(probe_->last_failure(), text);
    }
    runner_.finish(Ended{ExitStatus::from_exit_code(0), "well"});
    ASSERT_TRUE(becomes_ready());
    EXPECT_EQ(runner_.cancelled, 0);
    EXPECT_TRUE(is_idle());
}

TEST_F(ProbeTest, ExecIsCancelledWithTheProbe) {
    start(exec_readiness({"check"}));
    probe_.reset();
    EXPECT_EQ(runner_.cancelled, 1);
    EXPECT_TRUE(is_idle());
}

TEST_F(ProbeTest, LogIsReadyByALine) {
    start(Kind::log, "^ready");
    probe_->on_line("not ready");
    probe_->on_line("ready to serve");
    EXPECT_EQ(ready_, 1);
}

TEST_F(ProbeTest, LinesDoNotMatterToOtherKinds) {
    start(Kind::file, "up");
    probe_->on_line("up");
    EXPECT_EQ(ready_, 0);
}

TEST_F(ProbeTest, FileIsLookedForFromTheServicesFolder) {
    std::ofstream(path("up")) << "x";
    start(Kind::file, "up");
    EXPECT_TRUE(becomes_ready());
}

TEST_F(ProbeTest, FdIsReadyByANewline) {
    const auto held = make_ready_fifo(path("fifo"), geteuid());
    ASSERT_TRUE(held);
    start(fd_readiness(5));
    EXPECT_EQ(probe_->last_failure(), "fd 5: no newline was written");
    ASSERT_EQ(write(held->get(), "\n", 1), 1);
    EXPECT_TRUE(becomes_ready());
}

TEST_F(ProbeTest, TargetThatIsNoneIsRefused) {
    EXPECT_FALSE(try_start(readiness(Kind::tcp, "nowhere")));
    EXPECT_FALSE(try_start(readiness(Kind::http, "https://h")));
    EXPECT_FALSE(try_start(readiness(Kind::unix_socket, "/" + std::string(107, 'x'))));
    EXPECT_FALSE(try_start(readiness(Kind::log, "[")));
    EXPECT_FALSE(try_start(fd_readiness(3)));
}

}  // namespace
}  // namespace yard::engine
