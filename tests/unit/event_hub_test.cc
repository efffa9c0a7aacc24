#include "engine/event_hub.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace yard::engine {
namespace {

struct EventHubTest : testing::Test {
    void publish(const std::string& cause = "because") {
        ServiceFacts facts;
        facts.name.assign("api");
        facts.event = hub.last_seq() + 1;
        facts.event_from = State::starting;
        facts.actual = State::running;
        facts.since_wall_ns = 5;
        facts.reason.assign(cause);
        hub.publish(3, facts);
    }

    EventRing ring{};
    EventHub hub{ring};
};

TEST_F(EventHubTest, ListenersHearWhatHappenedWithItsNumber) {
    for (int i = 0; i < 41; ++i) publish();
    std::vector<std::pair<ServiceId, Event>> heard;
    const auto subscription =
        hub.subscribe([&](ServiceId id, const Event& event) { heard.emplace_back(id, event); });
    publish();
    ASSERT_EQ(heard.size(), 1u);
    const auto& [id, event] = heard[0];
    EXPECT_EQ(id, 3u);
    EXPECT_EQ(event.seq, 42u);
    EXPECT_EQ(event.time, WallTime(Duration(5)));
    EXPECT_EQ(event.service, "api");
    EXPECT_EQ(event.from, State::starting);
    EXPECT_EQ(event.to, State::running);
    EXPECT_EQ(event.cause, "because");
    EXPECT_EQ(hub.last_seq(), 42u);
}

TEST_F(EventHubTest, SubscriptionEndsWithItsOwner) {
    int heard = 0;
    {
        EventHub::Subscription moved;
        auto subscription = hub.subscribe([&](ServiceId, const Event&) { ++heard; });
        moved = std::move(subscription);
        publish();
    }
    publish();
    EXPECT_EQ(heard, 1);
}

TEST_F(EventHubTest, ListenersMayUnsubscribeThemselvesAndOthersMeanwhile) {
    std::vector<int> heard;
    std::optional<EventHub::Subscription> first, second, third;
    first = hub.subscribe([&](ServiceId, const Event&) {
        heard.push_back(1);
        first.reset();
        second.reset();
    });
    second = hub.subscribe([&](ServiceId, const Event&) { heard.push_back(2); });
    third = hub.subscribe([&](ServiceId, const Event&) { heard.push_back(3); });
    publish();
    publish();
    EXPECT_EQ(heard, (std::vector<int>{1, 3, 3}));
}

TEST_F(EventHubTest, WhoSubscribesMeanwhileHearsTheNextEvent) {
    std::vector<uint64_t> heard;
    EventHub::Subscription late;
    bool subscribed = false;
    const auto early = hub.subscribe([&](ServiceId, const Event&) {
        if (!subscribed)
            late = hub.subscribe([&](ServiceId, const Event& event) { heard.push_back(event.seq); });
        subscribed = true;
    });
    publish();
    EXPECT_TRUE(heard.empty());
    publish();
    EXPECT_EQ(heard, std::vector<uint64_t>{2});
}

TEST_F(EventHubTest, RemembersTheLastEventsInOrder) {
    EXPECT_FALSE(hub.after(0));
    for (size_t i = 0; i < EventRing::kRemembered + 10; ++i) publish(std::to_string(i));
    EXPECT_EQ(hub.after(0)->seq, 11u);  // what is older is forgotten
    EXPECT_EQ(hub.after(10)->seq, 11u);
    EXPECT_EQ(hub.after(11)->seq, 12u);
    EXPECT_EQ(hub.after(11)->cause, "11");
    EXPECT_EQ(hub.after(hub.last_seq() - 1)->seq, hub.last_seq());
    EXPECT_FALSE(hub.after(hub.last_seq()));
    EXPECT_FALSE(hub.after(hub.last_seq() + 5));
}

}  // namespace
}  // namespace yard::engine
