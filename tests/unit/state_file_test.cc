#include "engine/state_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace yard::engine {
namespace {

class StateFileTest : public testing::Test {
  protected:
    void SetUp() override {
        char path[] = "/tmp/yard-state-XXXXXX";
        close(mkstemp(path));
        path_ = path;
    }
    void TearDown() override { unlink(path_.c_str()); }

    StateFile open(uint64_t instance = 1, uint32_t slots = 4) {
        Result<StateFile> file = StateFile::open(path_, instance, slots);
        EXPECT_TRUE(file) << file.error().message;
        return std::move(*file);
    }

    std::string path_;
};

ServiceFacts facts_of(const char* name, uint32_t generation) {
    ServiceFacts facts;
    facts.name.assign(name);
    facts.generation = generation;
    return facts;
}

TEST_F(StateFileTest, FactsOutliveTheEngine) {
    {
        StateFile first = open();
        first.store(2, facts_of("api", 6));
        first.store(2, facts_of("api", 7));
    }
    StateFile second = open();
    EXPECT_EQ(second.load(2).generation, 7u);
    EXPECT_EQ(second.load(2).name.view(), "api");
    EXPECT_EQ(second.load(1).generation, 0u);
    EXPECT_EQ(second.slots_end(), 3u);
}

TEST_F(StateFileTest, StateOfAKeeperBeforeTellsOnceWhatHadAProcess) {
    ServiceFacts running = facts_of("api", 6);
    running.pid = 7;
    {
        StateFile first = open();
        first.store(0, facts_of("stopped", 1));
        first.store(2, running);
    }
    StateFile second = open(2);
    const std::vector<ServiceFacts> earlier = second.take_earlier();
    ASSERT_EQ(earlier.size(), 1u);
    EXPECT_EQ(earlier.front().name.view(), "api");
    EXPECT_TRUE(second.take_earlier().empty());
    EXPECT_EQ(second.load(2).pid, 0);
    second.store(1, running);
    EXPECT_TRUE(open(2).take_earlier().empty());
}

TEST_F(StateFileTest, StateFromBeforeTheBootTellsNothing) {
    ServiceFacts running = facts_of("api", 6);
    running.pid = 7;
    open().store(2, running);
    const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), long_ago, 0), 0);
    EXPECT_TRUE(open(2).take_earlier().empty());
}

TEST_F(StateFileTest, TextThatIsTakenBackIsGone) {
    ServiceFacts facts = facts_of("api", 7);
    facts.status_text.assign(std::string(95, 's'));
    StateFile first = open();
    first.store(3, facts);
    first.store(3, facts);
    EXPECT_EQ(first.load(3).status_text.view(), std::string(95, 's'));
    facts.status_text.assign("");
    first.store(3, facts);
    EXPECT_EQ(open().load(3).status_text.view(), "");
    EXPECT_EQ(open().load(3).name.view(), "api");
}

TEST_F(StateFileTest, ShortTextsLeaveHoles) {
    constexpr uint32_t kServices = 1000;
    StateFile file = open(1, kServices);
    for (uint32_t slot = 0; slot < kServices; ++slot) {
        for (uint32_t generation : {1, 2}) file.store(slot, facts_of("api", generation));
    }
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_LT(info.st_blocks * 512, kServices * sizeof(ServiceFacts));
}

TEST_F(StateFileTest, StateOfAnotherKeeperIsHistory) {
    {
        StateFile first = open(1);
        first.store(0, facts_of("api", 7));
        first.mark_begun();
    }
    StateFile second = open(2);
    EXPECT_EQ(second.load(0).generation, 0u);
    EXPECT_FALSE(second.begun());
}

TEST_F(StateFileTest, AnotherNumberOfSlotsStartsAfresh) {
    { open(1, 4).store(0, facts_of("api", 7)); }
    EXPECT_EQ(open(1, 5).load(0).generation, 0u);
}

TEST_F(StateFileTest, GarbageInTheFileIsDiscarded) {
    { open(1, 4); }
    ASSERT_EQ(truncate(path_.c_str(), 17), 0);
    EXPECT_FALSE(open(1, 4).begun());
}

TEST_F(StateFileTest, RequestsAreKnownToTheNextEngine) {
    {
        StateFile first = open();
        first.requests().ids[0] = {{1, 2}};
        first.requests().added = 1;
    }
    StateFile second = open();
    EXPECT_EQ(second.requests().added, 1u);
    EXPECT_EQ(second.requests().ids[0], (control::RequestRing::Id{{1, 2}}));
}

TEST_F(StateFileTest, BegunAndEventNumbersAreKept) {
    {
        StateFile first = open();
        EXPECT_FALSE(first.begun());
        first.mark_begun();
        first.store_event_number(41);
    }
    StateFile second = open();
    EXPECT_TRUE(second.begun());
    EXPECT_EQ(second.event_number(), 41u);
}

TEST(FixedText, CutsAtACharacterBoundary) {
    FixedText<6> text;
    text.assign("abcd\xC3\xA9");  // four letters and a two-byte one: only five bytes fit beside the NUL
    EXPECT_EQ(text.view(), "abcd");
    text.assign("x");
    EXPECT_EQ(text.view(), "x");
}

}  // namespace
}  // namespace yard::engine
