#include "engine/state_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
    EXPECT_LT(info.st_blocks * 512, sizeof(EventRing) + kServices * sizeof(ServiceFacts));
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

TEST_F(StateFileTest, BegunIsKept) {
    {
        StateFile first = open();
        EXPECT_FALSE(first.begun());
        first.mark_begun();
    }
    EXPECT_TRUE(open().begun());
}

// ---- Events, as an engine stores and tells them: all facts of a settled event first, then one telling after the other.

ServiceFacts changed_facts(const char* name, uint64_t event, State from, State to) {
    ServiceFacts facts = facts_of(name, 1);
    facts.event = event;
    facts.event_from = from;
    facts.actual = to;
    facts.since_wall_ns = static_cast<int64_t>(event);
    facts.reason.assign("cause " + std::to_string(event));
    return facts;
}

std::string text(const Event& event) {
    return std::to_string(event.seq) + " " + std::string(event.service) + " " + to_string(event.from) + "->" +
           to_string(event.to) + " at " + std::to_string(event.time.time_since_epoch().count()) + ": " +
           std::string(event.cause);
}

std::vector<std::string> texts(StateFile& file) {
    std::vector<std::string> all;
    EventRing& events = file.events();
    for (uint64_t seq = events.oldest(); seq <= events.last(); ++seq) all.push_back(text(events.at(seq)));
    return all;
}

TEST_F(StateFileTest, EventsOutliveTheEngine) {
    {
        StateFile first = open();
        EXPECT_TRUE(texts(first).empty());
        first.events().enter(changed_facts("api", 1, State::stopped, State::starting));
        first.events().enter(changed_facts("api", 2, State::starting, State::running));
    }
    StateFile second = open();
    EXPECT_EQ(texts(second), (std::vector<std::string>{"1 api stopped->starting at 1: cause 1",
                                                       "2 api starting->running at 2: cause 2"}));
}

TEST_F(StateFileTest, AnEngineThatDiesAtAnyStepLeavesNeitherGapNorRepeatInTheEvents) {
    const std::vector<std::pair<uint32_t, ServiceFacts>> changes = {
        {2, changed_facts("api", 1, State::stopped, State::waiting)},
        {0, changed_facts("db", 2, State::stopped, State::starting)},
        {0, changed_facts("db", 3, State::starting, State::running)},
        {2, changed_facts("api", 4, State::waiting, State::starting)},
        {1, changed_facts("web", 5, State::stopped, State::waiting)},
    };
    // Each group is what one settled event changed.
    const std::vector<std::pair<size_t, size_t>> groups = {{0, 2}, {2, 5}};
    for (size_t steps = 0; steps <= 2 * changes.size(); ++steps) {
        unlink(path_.c_str());
        size_t left = steps, stored = 0;
        {
            StateFile first = open();
            for (const auto& [begin, end] : groups) {
                for (size_t i = begin; i < end && left > 0; ++i, --left, ++stored)
                    first.store(changes[i].first, changes[i].second);
                for (size_t i = begin; i < end && left > 0; ++i, --left)
                    first.events().enter(changes[i].second);
            }
        }
        StateFile second = open();
        ASSERT_EQ(second.events().last(), stored) << "killed after step " << steps;
        for (uint64_t seq = 1; seq <= stored; ++seq) {
            EXPECT_EQ(second.events().at(seq).service, changes[seq - 1].second.name.view());
            EXPECT_EQ(second.events().at(seq).from, changes[seq - 1].second.event_from);
            EXPECT_EQ(second.events().at(seq).to, changes[seq - 1].second.actual);
            EXPECT_EQ(second.events().at(seq).cause, changes[seq - 1].second.reason.view());
        }
    }
}

TEST_F(StateFileTest, TheLastEventsAreKeptWhenThereAreMany) {
    StateFile file = open();
    const uint64_t count = EventRing::kRemembered + 10;
    for (uint64_t i = 1; i <= count; ++i)
        file.events().enter(changed_facts("api", i, State::running, State::backoff));
    EXPECT_EQ(file.events().oldest(), 11u);
    EXPECT_EQ(file.events().at(11).cause, "cause 11");
    EXPECT_EQ(file.events().at(count).cause, "cause " + std::to_string(count));
}

TEST(EventRing, LongTextsPushOutMoreAndNoneIsEverTorn) {
    const auto ring = std::make_unique<EventRing>();
    const auto name_of = [](uint64_t i) {
        return std::string(1 + i * 7 % 87, static_cast<char>('a' + i % 26));
    };
    const auto cause_of = [](uint64_t i) {
        return std::string(i * 13 % 120, static_cast<char>('A' + i % 26));
    };
    const auto check = [&] {
        for (uint64_t seq = ring->oldest(); seq <= ring->last(); ++seq) {
            ASSERT_EQ(ring->at(seq).service, name_of(seq));
            ASSERT_EQ(ring->at(seq).cause, cause_of(seq));
        }
    };
    for (uint64_t i = 1; i <= 3000; ++i) {
        ServiceFacts facts = facts_of(name_of(i).c_str(), 1);
        facts.event = i;
        facts.reason.assign(cause_of(i));
        ring->enter(facts);
        if (i % 7 != 0) continue;
        check();
        // As if the engine had died just before the event counted: the number is the first word.
        const uint64_t before = i - 1;
        std::memcpy(static_cast<void*>(ring.get()), &before, sizeof before);
        ASSERT_EQ(ring->last(), before);
        check();
        std::memcpy(static_cast<void*>(ring.get()), &i, sizeof i);
    }
    EXPECT_GT(ring->last() - ring->oldest(), EventRing::kTextBytes / 210 - 10);
    EXPECT_LT(ring->last() - ring->oldest(), EventRing::kRemembered);
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
