#include "engine/ready/ready_fifo.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/loop_test.h"

namespace yard::engine {
namespace {

class ReadyFifoTest : public LoopTest {
  protected:
    void SetUp() override {
        auto made = make_ready_fifo(fifo_, geteuid());
        ASSERT_TRUE(made) << made.error().message;
        held_ = std::move(*made);
    }

    void start_probe() {
        auto made = FifoProbe::create(loop(), fifo_, 3, [this] { ++ready_; });
        ASSERT_TRUE(made) << made.error().message;
        probe_ = std::move(*made);
    }
    // What the child does: the end it gets as its descriptor 3.
    UniqueFd open_as_child() { return UniqueFd(open(fifo_.c_str(), O_RDWR | O_CLOEXEC)); }
    static void write_text(const UniqueFd& fd, std::string_view text) {
        ASSERT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    const std::string fifo_ = path("ready");
    UniqueFd held_;  // the keeper's
    std::unique_ptr<FifoProbe> probe_;
    int ready_ = 0;
};

TEST_F(ReadyFifoTest, NewlineIsReadiness) {
    start_probe();
    write_text(open_as_child(), "\n");
    ASSERT_TRUE(run_until([&] { return ready_ > 0; }));
    EXPECT_TRUE(is_idle());
    EXPECT_EQ(ready_, 1);
}

TEST_F(ReadyFifoTest, OtherBytesBeforeTheNewlineDoNotMatter) {
    start_probe();
    const UniqueFd child = open_as_child();
    write_text(child, "almost");
    turn();
    EXPECT_EQ(ready_, 0);
    write_text(child, std::string(2000, '.') + "there\n");
    EXPECT_TRUE(run_until([&] { return ready_ > 0; }));
}

TEST_F(ReadyFifoTest, ClosingWithoutANewlineIsNoReadinessAndDoesNotSpinTheLoop) {
    start_probe();
    held_.reset();  // even with no end but the probe's
    open_as_child().reset();
    turn();
    EXPECT_EQ(ready_, 0);
    EXPECT_EQ(probe_->last_failure(), "fd 3: no newline was written");
    pollfd events{uv_backend_fd(loop()), POLLIN, 0};
    EXPECT_EQ(poll(&events, 1, 0), 0);
}

TEST_F(ReadyFifoTest, NewlineWrittenWhileThereIsNoEngineIsFound) {
    start_probe();
    probe_.reset();
    write_text(open_as_child(), "\n");
    start_probe();
    EXPECT_TRUE(run_until([&] { return ready_ > 0; }));
}

TEST_F(ReadyFifoTest, NewlineStaysForAnEngineThatComesAfterTheNews) {
    start_probe();
    write_text(open_as_child(), "\n");
    ASSERT_TRUE(run_until([&] { return ready_ == 1; }));
    start_probe();
    EXPECT_TRUE(run_until([&] { return ready_ == 2; }));
}

TEST_F(ReadyFifoTest, NewFifoIsFreeOfWhatAnEarlierProcessWrites) {
    const UniqueFd earlier = open_as_child();
    const UniqueFd held_for_it = std::move(held_);
    held_ = std::move(*make_ready_fifo(fifo_, geteuid()));
    start_probe();
    write_text(earlier, "\n");
    turn();
    turn();
    EXPECT_EQ(ready_, 0);
}

TEST_F(ReadyFifoTest, FifoBelongsToTheServicesUserAlone) {
    const uid_t user = geteuid() == 0 ? 12345 : geteuid();
    ASSERT_TRUE(make_ready_fifo(fifo_, user));
    struct stat facts {};
    ASSERT_EQ(stat(fifo_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, user);
    EXPECT_EQ(facts.st_mode, S_IFIFO | 0600u);
}

TEST_F(ReadyFifoTest, MissingFifoIsAnErrorThatNamesIt) {
    const auto made = FifoProbe::create(loop(), path("other"), 3, [] {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().message, "open " + path("other") + ": No such file or directory");
}

}  // namespace
}  // namespace yard::engine
