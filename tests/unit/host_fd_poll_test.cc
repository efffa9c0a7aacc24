#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/unique_fd.h"
#include "engine/host/fd_poll.h"

namespace yard::engine {
namespace {

class FdPollOn : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(uv_loop_init(&loop_), 0);
        Result<std::unique_ptr<FdPoll>> poll = FdPoll::open(&loop_, event_.get(), [this] { on_ready_(); });
        ASSERT_TRUE(poll.ok());
        poll_ = std::move(*poll);
    }
    void TearDown() override {
        poll_.reset();
        uv_run(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop_), 0) << "a handle is left";
    }
    void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
    void make_readable() { EXPECT_EQ(eventfd_write(event_.get(), 1), 0); }

    uv_loop_t loop_;
    UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int calls_ = 0;
    std::function<void()> on_ready_ = [this] { ++calls_; };
    std::unique_ptr<FdPoll> poll_;
};

TEST_F(FdPollOn, CallsWhileReadable) {
    turn();
    EXPECT_EQ(calls_, 0);
    make_readable();
    turn(), turn();
    EXPECT_EQ(calls_, 2);
    eventfd_t value;
    ASSERT_EQ(eventfd_read(event_.get(), &value), 0);
    turn();
    EXPECT_EQ(calls_, 2);
}

TEST_F(FdPollOn, WakeCallsOnceFromTheNextTurn) {
    poll_->wake(), poll_->wake();
    EXPECT_EQ(calls_, 0);
    turn(), turn();
    EXPECT_EQ(calls_, 1);
}

TEST_F(FdPollOn, WakeFromTheCallbackIsOneMoreTurn) {
    on_ready_ = [this] {
        if (++calls_ < 3) poll_->wake();
    };
    poll_->wake();
    for (int i = 0; i < 10; ++i) turn();
    EXPECT_EQ(calls_, 3);
}

TEST_F(FdPollOn, MayBeDestroyedFromItsCallback) {
    on_ready_ = [this] {
        ++calls_;
        poll_.reset();
    };
    make_readable();
    poll_->wake();
    turn(), turn();
    EXPECT_EQ(calls_, 1);
}

TEST(FdPollOpen, DescriptorThatCannotBePolledIsAnError) {
    uv_loop_t loop;
    ASSERT_EQ(uv_loop_init(&loop), 0);
    EXPECT_EQ(FdPoll::open(&loop, -1, [] {}).error().code, EBADF);
    uv_run(&loop, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop), 0);
}

}  // namespace
}  // namespace yard::engine
