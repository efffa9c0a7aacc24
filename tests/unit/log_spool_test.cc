// The spool on a real memfd: what a kill between any two steps of using its space again leaves behind.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/logs/position.h"
#include "engine/logs/spool.h"
#include "helpers/log_harness.h"

namespace yard::engine::logs {
namespace {

class SpoolTest : public ::testing::Test {
  protected:
    SpoolTest() {
        EXPECT_EQ(pipe2(pipe_, O_CLOEXEC | O_NONBLOCK), 0);
        spool_ = Spool::create("test").value();
    }
    ~SpoolTest() override {
        close(pipe_[0]);
        close(pipe_[1]);
    }
    void fill(size_t size, char c) {
        for (size_t done = 0; done < size; done += kChunk) {
            ASSERT_EQ(write(pipe_[1], std::string(kChunk, c).data(), kChunk), static_cast<ssize_t>(kChunk));
            ASSERT_EQ(spool_->take_from(pipe_[0], kChunk).value(), kChunk);
        }
    }
    void record_advance(size_t size) {
        spool_->advance(size);
        store_position(cell_, {spool_->parsed(), 0, 0});
    }
    // As another engine finds it.
    std::unique_ptr<Spool> adopted() {
        return Spool::adopt(UniqueFd(dup(spool_->fd())), load_position(cell_).spool_parsed).value();
    }

    static constexpr size_t kChunk = 32 << 10;
    int pipe_[2];
    std::unique_ptr<Spool> spool_;
    LogPositionCell cell_;
};

TEST_F(SpoolTest, TakesNoMoreThanItsCapacity) {
    fill(Spool::kCapacity, 'a');
    EXPECT_TRUE(spool_->full());
    ASSERT_EQ(write(pipe_[1], "more", 4), 4);
    EXPECT_EQ(spool_->take_from(pipe_[0], 100).value(), 0u);
    spool_->advance(2);
    EXPECT_EQ(spool_->take_from(pipe_[0], 100).value(), 2u);
}

TEST_F(SpoolTest, EmptyFifoGivesNothing) {
    EXPECT_EQ(spool_->take_from(pipe_[0], 100).value(), 0u);
}

TEST_F(SpoolTest, RewindKeepsTheRest) {
    fill(256 << 10, 'a');
    fill(kChunk, 'b');
    record_advance(256 << 10);
    spool_->rewind_if_worthwhile(cell_);
    EXPECT_EQ(spool_->parsed(), 0u);
    EXPECT_EQ(spool_->unparsed(), std::string(kChunk, 'b'));
    EXPECT_EQ(adopted()->unparsed(), std::string(kChunk, 'b'));
}

TEST_F(SpoolTest, RestThatWouldTouchItselfStaysWhereItIs) {
    fill(512 << 10, 'a');
    record_advance(256 << 10);
    spool_->release(cell_);
    EXPECT_EQ(spool_->parsed(), 256u << 10);
    EXPECT_EQ(adopted()->unparsed().size(), 256u << 10);
}

TEST_F(SpoolTest, KillWithinARewindLeavesTheRestToTheNextEngine) {
    fill(256 << 10, 'a');
    fill(kChunk, 'b');
    record_advance(256 << 10);
    const std::string rest(kChunk, 'b');
    // The steps of rewind() as far as the kill let them come.
    ASSERT_EQ(pwrite(spool_->fd(), rest.data(), rest.size(), 0), static_cast<ssize_t>(rest.size()));
    EXPECT_EQ(adopted()->unparsed(), rest);
    ASSERT_EQ(lseek(spool_->fd(), static_cast<off_t>(rest.size()), SEEK_SET),
              static_cast<off_t>(rest.size()));
    EXPECT_EQ(adopted()->unparsed(), rest);
}

TEST_F(SpoolTest, ReleaseGivesTheMemoryBack) {
    fill(256 << 10, 'a');
    record_advance(256 << 10);
    spool_->release(cell_);
    struct stat info {};
    ASSERT_EQ(fstat(spool_->fd(), &info), 0);
    EXPECT_EQ(info.st_blocks, 0);
    EXPECT_EQ(load_position(cell_).spool_parsed, 0u);
}

TEST_F(SpoolTest, ForeignFileIsRefused) {
    UniqueFd foreign(memfd_create("foreign", MFD_CLOEXEC));
    ASSERT_GT(lseek(foreign.get(), 1 << 30, SEEK_SET), 0);
    EXPECT_FALSE(Spool::adopt(std::move(foreign), 0));
}

TEST(LogPosition, StoreChangesTheOtherCopyAndThenTheSequence) {
    LogPositionCell cell;
    store_position(cell, {1, 2, 3});
    store_position(cell, {4, 5, 6});
    EXPECT_EQ(cell.copies[1].spool_parsed, 1u);  // the one before is whole
    EXPECT_EQ(load_position(cell).spool_parsed, 4u);
    cell.copies[1] = {7, 8, 9};  // a kill before the sequence was stored
    EXPECT_EQ(load_position(cell).output_offset, 5u);
}

}  // namespace
}  // namespace yard::engine::logs
