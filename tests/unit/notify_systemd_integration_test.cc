// With real senders: systemd's own client, and processes that are gone before their datagram is read. It
// spawns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "base/exit_status.h"
#include "engine/notify/notify_socket.h"
#include "helpers/loop_test.h"
#include "helpers/notify_client.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;

constexpr const char* kSystemdNotify = "/usr/bin/systemd-notify";

class RealSenderTest : public LoopTest {
  protected:
    void SetUp() override {
        auto bound = bind_notify_socket(path_, geteuid());
        ASSERT_TRUE(bound) << bound.error().message;
        auto made = NotifySocket::create(
            loop(), std::move(*bound), geteuid(), {.belongs = [this](pid_t pid) { return belongs_(pid); }},
            {.on_message = [this](const NotifyMessage& message) { messages_.push_back(message); },
             .on_ignored = [this](NotifySocket::Ignored, const Sender&) { ++ignored_; }});
        ASSERT_TRUE(made) << made.error().message;
        socket_ = std::move(*made);
    }

    // Runs systemd-notify beside the loop until it has ended.
    std::optional<ExitStatus> systemd_notify(std::vector<std::string> arguments) {
        if (access(kSystemdNotify, X_OK) != 0) return std::nullopt;
        arguments.insert(arguments.begin(), kSystemdNotify);
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::string variable = "NOTIFY_SOCKET=" + path_;
        char* env[] = {variable.data(), nullptr};
        uv_process_options_t options{};
        options.file = kSystemdNotify;
        options.args = argv.data();
        options.env = env;
        options.exit_cb = [](uv_process_t* process, int64_t code, int) {
            *static_cast<std::optional<ExitStatus>*>(process->data) =
                ExitStatus::from_exit_code(static_cast<int>(code));
        };
        uv_process_t process;
        std::optional<ExitStatus> status;
        process.data = &status;
        EXPECT_EQ(uv_spawn(loop(), &process, &options), 0);
        EXPECT_TRUE(run_until([&] { return status.has_value(); }));
        uv_close(reinterpret_cast<uv_handle_t*>(&process), nullptr);
        turn();
        return status;
    }

    const std::string path_ = path("notify.sock");
    // Run by root, systemd-notify names its parent as the sender; run by others, itself.
    std::function<bool(pid_t)> belongs_ = [](pid_t pid) { return pid == getpid() || geteuid() != 0; };
    std::vector<NotifyMessage> messages_;
    int ignored_ = 0;
    std::unique_ptr<NotifySocket> socket_;
};

TEST_F(RealSenderTest, SystemdNotifyIsUnderstoodAndItsBarrierAnswered) {
    const auto status = systemd_notify({"--ready", "--status=up and well"});
    if (!status) GTEST_SKIP() << "no " << kSystemdNotify;
    // It waits for the barrier and fails after five seconds without an answer.
    EXPECT_EQ(*status, ExitStatus::from_exit_code(0));
    ASSERT_FALSE(messages_.empty());
    EXPECT_EQ(messages_[0].lifecycle, NotifyMessage::Lifecycle::ready);
    EXPECT_EQ(messages_[0].status, "up and well");
    EXPECT_EQ(ignored_, 0);
}

TEST_F(RealSenderTest, SystemdNotifyFromOutsideIsCountedOnceAndDoesNotHang) {
    belongs_ = [](pid_t) { return false; };
    const auto status = systemd_notify({"--ready"});
    if (!status) GTEST_SKIP() << "no " << kSystemdNotify;
    EXPECT_EQ(*status, ExitStatus::from_exit_code(0));
    EXPECT_THAT(messages_, ElementsAre());
    EXPECT_EQ(ignored_, 1);
}

TEST_F(RealSenderTest, DatagramOfAProcessThatIsGoneCounts) {
    belongs_ = [](pid_t) { return false; };
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(send_notify(path_, "READY=1") ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(ExitStatus::from_wait_status(status), ExitStatus::from_exit_code(0));
    socket_->drain_now();
    ASSERT_EQ(messages_.size(), 1u);
    EXPECT_EQ(messages_[0].lifecycle, NotifyMessage::Lifecycle::ready);
}

}  // namespace
}  // namespace yard::engine
