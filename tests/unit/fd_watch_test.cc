#include "engine/loop/fd_watch.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/unique_fd.h"

namespace yard::engine {
namespace {

class AnFdWatch : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(uv_loop_init(&loop_), 0);
        Result<FdWatch> watch =
            FdWatch::create(&loop_, event_.get(), FdWatch::reading, [this](unsigned events) {
                last_ = events;
                on_event_();
            });
        ASSERT_TRUE(watch.ok());
        watch_ = std::move(*watch);
    }
    void TearDown() override {
        watch_.reset();
        uv_run(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop_), 0) << "a handle is left";
    }
    void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
    void make_readable() { EXPECT_EQ(eventfd_write(event_.get(), 1), 0); }

    uv_loop_t loop_;
    UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int calls_ = 0;
    unsigned last_ = 0;
    std::function<void()> on_event_ = [this] { ++calls_; };
    FdWatch watch_;
};

TEST_F(AnFdWatch, CallsWhileReadable) {
    turn();
    EXPECT_EQ(calls_, 0);
    make_readable();
    turn(), turn();
    EXPECT_EQ(calls_, 2);
    EXPECT_EQ(last_, FdWatch::reading);
    eventfd_t value;
    ASSERT_EQ(eventfd_read(event_.get(), &value), 0);
    turn();
    EXPECT_EQ(calls_, 2);
}

TEST_F(AnFdWatch, IsCalledForWhatItWatchesOnly) {
    make_readable();
    watch_.watch(0);
    turn();
    EXPECT_EQ(calls_, 0);
    watch_.watch(FdWatch::writing);
    turn();
    EXPECT_EQ(last_, FdWatch::writing);
    watch_.watch(FdWatch::reading);
    turn();
    EXPECT_EQ(last_, FdWatch::reading);
}

TEST_F(AnFdWatch, MayBeDestroyedFromItsCallback) {
    on_event_ = [this] {
        ++calls_;
        watch_.reset();
    };
    make_readable();
    turn(), turn();
    EXPECT_EQ(calls_, 1);
}

TEST(FdWatchCreate, DescriptorThatCannotBeWatchedIsAnError) {
    uv_loop_t loop;
    ASSERT_EQ(uv_loop_init(&loop), 0);
    EXPECT_EQ(FdWatch::create(&loop, -1, FdWatch::reading, [](unsigned) {}).error().code, EBADF);
    uv_run(&loop, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop), 0);
}

}  // namespace
}  // namespace yard::engine
