#include "engine/notify/notify_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <vector>

#include "helpers/loop_test.h"
#include "helpers/notify_client.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using Ignored = NotifySocket::Ignored;

size_t count_open_fds() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

class NotifySocketTest : public LoopTest {
  protected:
    void SetUp() override {
        auto bound = bind_notify_socket(path_, geteuid());
        ASSERT_TRUE(bound) << bound.error().message;
        auto made = NotifySocket::create(
            loop(), std::move(*bound), geteuid(),
            {.belongs = [this](pid_t pid) { return members_.contains(pid); },
             .parent = [this] { return parent_; },
             .can_look = [this] { return can_look_; }},
            {.on_message = [this](const NotifyMessage& message) { on_message_(message); },
             .on_ignored = [this](Ignored why, const Sender&) { ignored_.push_back(why); }});
        ASSERT_TRUE(made) << made.error().message;
        socket_ = std::move(*made);
    }

    void send(std::string_view text, const std::vector<int>& fds = {}) {
        ASSERT_TRUE(send_notify(path_, text, fds)) << strerror(errno);
    }
    // Everything sent so far has been handled.
    void handle_all() {
        turn();
        socket_->drain_now();
    }

    const std::string path_ = path("notify.sock");
    std::set<pid_t> members_{getpid()};
    pid_t parent_ = 0;
    bool can_look_ = true;
    std::vector<std::string> statuses_;
    std::vector<Ignored> ignored_;
    std::function<void(const NotifyMessage&)> on_message_ = [this](const NotifyMessage& message) {
        statuses_.push_back(message.status.value_or(""));
    };
    std::unique_ptr<NotifySocket> socket_;
};

TEST_F(NotifySocketTest, WhoCannotBeLookedUpForNowIsNoStranger) {
    const std::set<pid_t> members = std::exchange(members_, {});
    can_look_ = false;
    send("STATUS=kept");
    handle_all();
    EXPECT_THAT(ignored_, ElementsAre());
    can_look_ = true;
    members_ = members;
    ASSERT_TRUE(run_until([this] { return !statuses_.empty(); }));
    EXPECT_THAT(statuses_, ElementsAre("kept"));
}

TEST_F(NotifySocketTest, WhileHeldMessagesWait) {
    socket_->hold();
    send("STATUS=early");
    turn();
    EXPECT_TRUE(statuses_.empty());
    socket_->go_on();
    turn();
    EXPECT_THAT(statuses_, ElementsAre("early"));
}

TEST_F(NotifySocketTest, MessagesArriveInOrder) {
    send("STATUS=one");
    send("STATUS=two");
    ASSERT_TRUE(run_until([&] { return statuses_.size() == 2; }));
    EXPECT_THAT(statuses_, ElementsAre("one", "two"));
}

TEST_F(NotifySocketTest, OneTurnHandlesABoundedNumber) {
    const int sent = NotifySocket::kDatagramsPerTurn + 1;
    for (int i = 0; i < sent; ++i) send("STATUS=x");
    turn();
    EXPECT_EQ(statuses_.size(), NotifySocket::kDatagramsPerTurn);
    turn();
    EXPECT_EQ(statuses_.size(), sent);
}

TEST_F(NotifySocketTest, DrainNowHandlesAllThatWaitsWithoutTheLoop) {
    for (int i = 0; i <= NotifySocket::kDatagramsPerTurn; ++i) send("STATUS=x");
    socket_->drain_now();
    EXPECT_EQ(statuses_.size(), NotifySocket::kDatagramsPerTurn + 1);
}

TEST_F(NotifySocketTest, EmptyDatagramDoesNotHideTheNext) {
    send("");
    send("STATUS=x");
    socket_->drain_now();
    EXPECT_THAT(statuses_, ElementsAre("", "x"));
}

TEST_F(NotifySocketTest, LivingStrangerIsIgnoredAndReported) {
    members_.clear();
    send("READY=1");
    socket_->drain_now();
    EXPECT_THAT(statuses_, ElementsAre());
    EXPECT_THAT(ignored_, ElementsAre(Ignored::stranger));
}

TEST_F(NotifySocketTest, MalformedDatagramsAreIgnoredAndReported) {
    send(std::string(kMaxNotifyBytes + 1, 'x'));
    send(std::string_view("READY=1\0\0", 9));
    socket_->drain_now();
    EXPECT_THAT(statuses_, ElementsAre());
    EXPECT_THAT(ignored_, ElementsAre(Ignored::malformed, Ignored::malformed));
}

TEST_F(NotifySocketTest, ForeignMainPidIsDroppedFromTheMessage) {
    std::vector<std::optional<int32_t>> main_pids;
    on_message_ = [&](const NotifyMessage& message) { main_pids.push_back(message.main_pid); };
    send("MAINPID=1\nREADY=1");
    send("MAINPID=" + std::to_string(getpid()));
    socket_->drain_now();
    EXPECT_THAT(main_pids, ElementsAre(std::nullopt, getpid()));
    EXPECT_THAT(ignored_, ElementsAre(Ignored::foreign_main_pid));
}

TEST_F(NotifySocketTest, ParentOfTheMainProcessMaySpeakButIsNoMainPid) {
    members_.clear();
    parent_ = getpid();
    std::vector<NotifyMessage> messages;
    on_message_ = [&](const NotifyMessage& message) { messages.push_back(message); };
    send("STATUS=on behalf\nMAINPID=" + std::to_string(parent_));
    socket_->drain_now();
    EXPECT_THAT(messages, ElementsAre(NotifyMessage{.status = "on behalf"}));
    EXPECT_THAT(ignored_, ElementsAre(Ignored::foreign_main_pid));
}

TEST_F(NotifySocketTest, BarrierIsClosedAfterWhatCameBefore) {
    Pipe barrier;
    bool released_too_early = false;
    on_message_ = [&](const NotifyMessage& message) {
        statuses_.push_back(*message.status);
        released_too_early |= barrier.hung_up();
    };
    send("STATUS=one");
    send("STATUS=two");
    send("BARRIER=1", {barrier.write.get()});
    barrier.write.reset();
    handle_all();
    EXPECT_THAT(statuses_, ElementsAre("one", "two"));
    EXPECT_FALSE(released_too_early);
    EXPECT_TRUE(barrier.hung_up());
}

TEST_F(NotifySocketTest, StrangersBarrierIsAnsweredAndNotCounted) {
    members_.clear();
    Pipe barrier;
    send("BARRIER=1", {barrier.write.get()});
    barrier.write.reset();
    handle_all();
    EXPECT_TRUE(barrier.hung_up());
    EXPECT_THAT(ignored_, ElementsAre());
}

TEST_F(NotifySocketTest, OtherDescriptorsAreClosed) {
    const size_t before = count_open_fds();
    const std::vector<int> many(253, STDERR_FILENO);
    send("FDSTORE=1\nSTATUS=x", many);
    members_.clear();
    send("READY=1", many);
    handle_all();
    EXPECT_EQ(count_open_fds(), before);
}

TEST_F(NotifySocketTest, MessageCountsEvenWhenItsDescriptorsDoNotFit) {
    const size_t before = count_open_fds();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    send("STATUS=x", std::vector<int>(200, STDERR_FILENO));
    const rlimit tight{before + 3, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    socket_->drain_now();
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_THAT(statuses_, ElementsAre("x"));
    EXPECT_EQ(count_open_fds(), before);
}

TEST_F(NotifySocketTest, ReceivedDescriptorsAreCloseOnExec) {
    const UniqueFd socket_fd = std::move(*bind_notify_socket(path("other.sock"), geteuid()));
    send_notify(path("other.sock"), "FDSTORE=1", {STDERR_FILENO});
    const auto datagram = peek_datagram(socket_fd.get(), 100);
    ASSERT_TRUE(datagram);
    ASSERT_EQ(datagram->fds.size(), 1u);
    EXPECT_EQ(fcntl(datagram->fds[0].get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(datagram->sender.pid, getpid());
    EXPECT_EQ(datagram->sender.uid, geteuid());
}

TEST_F(NotifySocketTest, CallbackMayDestroyTheSocket) {
    on_message_ = [&](const NotifyMessage& message) {
        statuses_.push_back(*message.status);
        socket_.reset();
    };
    send("STATUS=one");
    send("STATUS=two");
    ASSERT_TRUE(run_until([&] { return !socket_; }));
    EXPECT_TRUE(is_idle());
    EXPECT_THAT(statuses_, ElementsAre("one"));
}

TEST_F(NotifySocketTest, IgnoringCallbackMayDestroyTheSocketToo) {
    auto bound = bind_notify_socket(path("other.sock"), geteuid());
    std::unique_ptr<NotifySocket> other;
    int messages = 0;
    auto made = NotifySocket::create(loop(), std::move(*bound), geteuid(),
                                     {.belongs = [](pid_t pid) { return pid == getpid(); }},
                                     {.on_message = [&](const NotifyMessage&) { ++messages; },
                                      .on_ignored = [&](Ignored, const Sender&) { other.reset(); }});
    other = std::move(*made);
    send_notify(path("other.sock"), "MAINPID=1\nREADY=1");
    other->drain_now();
    EXPECT_EQ(other, nullptr);
    EXPECT_EQ(messages, 0);
}

TEST_F(NotifySocketTest, DatagramsWaitWhileNobodyReads) {
    auto held = bind_notify_socket(path("held.sock"), geteuid());  // as the keeper does
    send_notify(path("held.sock"), "STATUS=while you were away");
    auto made = NotifySocket::create(loop(), UniqueFd(fcntl(held->get(), F_DUPFD_CLOEXEC, 0)), geteuid(),
                                     {.belongs = [](pid_t) { return true; }},
                                     {.on_message = on_message_, .on_ignored = {}});
    ASSERT_TRUE(run_until([&] { return !statuses_.empty(); }));
    EXPECT_THAT(statuses_, ElementsAre("while you were away"));
}

TEST_F(NotifySocketTest, DatagramWaitsUntilItHasBeenHandled) {
    auto held = bind_notify_socket(path("held.sock"), geteuid());
    send_notify(path("held.sock"), "READY=1");
    bool waits = false;
    auto made = NotifySocket::create(
        loop(), UniqueFd(fcntl(held->get(), F_DUPFD_CLOEXEC, 0)), geteuid(),
        {.belongs = [](pid_t) { return true; }},
        {.on_message = [&](const NotifyMessage&) { waits = peek_datagram(held->get(), 100).has_value(); },
         .on_ignored = {}});
    (*made)->drain_now();
    EXPECT_TRUE(waits) << "a killed engine would take it along";
    EXPECT_FALSE(peek_datagram(held->get(), 100));
}

class BindNotifySocketTest : public LoopTest {
  protected:
    mode_t mode_of(const std::string& file) {
        struct stat facts {};
        EXPECT_EQ(stat(file.c_str(), &facts), 0);
        return facts.st_mode & 07777;
    }
};

TEST_F(BindNotifySocketTest, SocketBelongsToTheServicesUserAlone) {
    const uid_t user = geteuid() == 0 ? 12345 : geteuid();
    ASSERT_TRUE(bind_notify_socket(path("s"), user));
    struct stat facts {};
    ASSERT_EQ(stat(path("s").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, user);
    EXPECT_EQ(mode_of(path("s")), 0600);
}

TEST_F(BindNotifySocketTest, ServiceOfRootMayChangeItsUserAndStillSend) {
    if (geteuid() != 0) GTEST_SKIP() << "only root has services of root";
    const mode_t before = umask(077);
    EXPECT_TRUE(bind_notify_socket(path("s"), 0));
    umask(before);
    EXPECT_EQ(mode_of(path("s")), 0666);
}

TEST_F(BindNotifySocketTest, TakesThePlaceOfAnOldSocket) {
    auto old = bind_notify_socket(path("s"), geteuid());
    auto fresh = bind_notify_socket(path("s"), geteuid());
    ASSERT_TRUE(fresh) << fresh.error().message;
    ASSERT_TRUE(send_notify(path("s"), "READY=1"));
    EXPECT_FALSE(peek_datagram(old->get(), 100));
    EXPECT_TRUE(peek_datagram(fresh->get(), 100));
}

TEST_F(BindNotifySocketTest, TooLongAPathIsRefusedWithTheReason) {
    const auto bound = bind_notify_socket(path(std::string(108, 'x')), geteuid());
    ASSERT_FALSE(bound);
    EXPECT_EQ(bound.error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace yard::engine
