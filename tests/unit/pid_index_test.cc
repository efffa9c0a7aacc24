#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "keeper/record.h"

namespace yard::keeper {
namespace {

class PidIndexTest : public testing::Test {
  protected:
    PidIndexTest() : memory_(PidIndex::kBytes) { index_.use(memory_.data()); }
    std::vector<char> memory_;
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
    const int32_t size = PidIndex::kSize;
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

TEST_F(PidIndexTest, AgreesWithAMapUnderRandomUse) {
    std::map<int32_t, uint32_t> model;
    std::minstd_rand random(1);
    const int32_t size = PidIndex::kSize;
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
