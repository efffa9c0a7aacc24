#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/ready/output_tail.h"
#include "helpers/loop_test.h"

namespace yard::engine {
namespace {

class OutputTailTest : public LoopTest {
  protected:
    void SetUp() override { open_tail(); }
    void open_tail() {
        auto made = OutputTail::open(loop(), fifo_, geteuid());
        ASSERT_TRUE(made) << made.error().message;
        tail_ = std::move(*made);
    }
    // As a command does that waits for its reader.
    UniqueFd open_as_command() { return UniqueFd(open(fifo_.c_str(), O_RDWR | O_CLOEXEC)); }
    void say(std::string_view text) {
        const UniqueFd command = open_as_command();
        ASSERT_EQ(write(command.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    const std::string fifo_ = path("command");
    std::unique_ptr<OutputTail> tail_;
};

TEST_F(OutputTailTest, SilenceIsNoLine) {
    EXPECT_EQ(tail_->last_line(), "");
    say("\n\n");
    EXPECT_EQ(tail_->last_line(), "");
}

TEST_F(OutputTailTest, LastLineThatIsNotEmptyIsKept) {
    say("one\ntwo\n\n");
    EXPECT_EQ(tail_->last_line(), "two");
    say("three, half");
    EXPECT_EQ(tail_->last_line(), "three, half");
}

TEST_F(OutputTailTest, LineIsMadePrintable) {
    say("a\x1b[31mb\xff\n");
    EXPECT_EQ(tail_->last_line(), "a [31mb\xEF\xBF\xBD");
}

TEST_F(OutputTailTest, WhoeverWritesMoreThanAPipeHoldsIsReadMeanwhile) {
    const UniqueFd command = open_as_command();
    ASSERT_EQ(fcntl(command.get(), F_SETFL, O_NONBLOCK), 0);
    const std::string block(4096, 'x');
    size_t written = 0;
    ASSERT_TRUE(run_until([&] {
        const ssize_t size = write(command.get(), block.data(), block.size());
        if (size > 0) written += static_cast<size_t>(size);
        return written > (1 << 20);
    }));
    ASSERT_TRUE(run_until([&] { return write(command.get(), "\nend\n", 5) == 5; }));
    EXPECT_EQ(tail_->last_line(), "end");
}

TEST_F(OutputTailTest, WhatAnEarlierCommandLeftIsDropped) {
    tail_.reset();
    const UniqueFd earlier = open_as_command();
    ASSERT_EQ(write(earlier.get(), "old\n", 4), 4);
    open_tail();
    EXPECT_EQ(tail_->last_line(), "");
}

}  // namespace
}  // namespace yard::engine
