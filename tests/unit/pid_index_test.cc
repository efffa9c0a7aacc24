#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "keeper/record.h"

namespace yard::keeper {
namespace {

class PidIndexTest : public testing::Test {
  protected:
    PidIndexTest() {
        memory_ = mmap(nullptr, PidIndex::kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        index_.use(memory_);
    }
    ~PidIndexTest() override { munmap(memory_, PidIndex::kBytes); }

    size_t resident_pages() const {
        std::vector<unsigned char> pages(PidIndex::kBytes / 4096);
        EXPECT_EQ(mincore(memory_, PidIndex::kBytes, pages.data()), 0);
        return static_cast<size_t>(std::count(pages.begin(), pages.end(), 1));
    }

    void* memory_;
    PidIndex index_;
};

TEST_F(PidIndexTest, FindsWhatWasInsertedAndNothingElse) {
    index_.insert(4711, 3);
    uint32_t slot = 0;
    ASSERT_TRUE(index_.find(4711, &slot));
    EXPECT_EQ(slot, 3u);
    EXPECT_FALSE(index_.find(4712, &slot));
    index_.remove(4712);
    index_.remove(4711);
    EXPECT_FALSE(index_.find(4711, &slot));
}

TEST_F(PidIndexTest, RemovalKeepsPushedOnesReachable) {
    const int32_t size = PidIndex::kMinSize;
    for (int32_t i = 0; i < 4; ++i)
        index_.insert(10 + i * size, static_cast<uint32_t>(i));  // one home for all
    index_.insert(11, 9);
    index_.remove(10);
    uint32_t slot = 0;
    for (int32_t i = 1; i < 4; ++i) {
        ASSERT_TRUE(index_.find(10 + i * size, &slot)) << i;
        EXPECT_EQ(slot, static_cast<uint32_t>(i));
    }
    ASSERT_TRUE(index_.find(11, &slot));
    EXPECT_EQ(slot, 9u);
}

TEST_F(PidIndexTest, FewProcessesTouchOnePageHoweverManyPidsGoBy) {
    for (int32_t pid = 1; pid < 500'000; ++pid) {
        index_.insert(pid, 1);
        if (pid > 100) index_.remove(pid - 100);
    }
    EXPECT_EQ(resident_pages(), 1u);
}

TEST_F(PidIndexTest, HoldsEverySlotAndGivesTheSmallerTablesBack) {
    for (uint32_t slot = 0; slot < kMaxSlots; ++slot) index_.insert(static_cast<int32_t>(7 + 3 * slot), slot);
    for (uint32_t slot = 0; slot < kMaxSlots; ++slot) {
        uint32_t found = 0;
        ASSERT_TRUE(index_.find(static_cast<int32_t>(7 + 3 * slot), &found));
        EXPECT_EQ(found, slot);
    }
    EXPECT_LE(resident_pages(), PidIndex::kMaxSize * 8 / 4096);
}

TEST_F(PidIndexTest, AgreesWithAMapUnderRandomUse) {
    std::map<int32_t, uint32_t> model;
    std::minstd_rand random(1);
    const int32_t size = PidIndex::kMinSize;
    for (uint32_t step = 0; step < 20000; ++step) {
        // Few homes near the end of the table: long runs that wrap around.
        const int32_t pid =
            size - 4 + static_cast<int32_t>(random() % 8) + static_cast<int32_t>(random() % 4) * size;
        if (random() % 2 != 0) {
            index_.insert(pid, step);
            model[pid] = step;
        } else {
            index_.remove(pid);
            model.erase(pid);
        }
        uint32_t slot = 0;
        const auto known = model.find(pid);
        ASSERT_EQ(index_.find(pid, &slot), known != model.end()) << "step " << step;
        if (known != model.end()) {
            ASSERT_EQ(slot, known->second);
        }
    }
}

}  // namespace
}  // namespace yard::keeper
