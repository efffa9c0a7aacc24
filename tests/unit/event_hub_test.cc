#include "engine/event_hub.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace yard::engine {
namespace {

void publish(EventHub& hub, const std::string& cause = "because") {
    hub.publish(WallTime(), 3, "api", State::starting, State::running, cause);
}

TEST(EventHub, ListenersHearWhatHappenedWithItsNumber) {
    EventHub hub(41);
    std::vector<Event> heard;
    const auto subscription = hub.subscribe([&](const Event& event) { heard.push_back(event); });
    publish(hub);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].seq, 42u);
    EXPECT_EQ(heard[0].id, 3u);
    EXPECT_EQ(heard[0].service, "api");
    EXPECT_EQ(heard[0].from, State::starting);
    EXPECT_EQ(heard[0].to, State::running);
    EXPECT_EQ(heard[0].cause, "because");
    EXPECT_EQ(hub.last_seq(), 42u);
}

TEST(EventHub, SubscriptionEndsWithItsOwner) {
    EventHub hub;
    int heard = 0;
    {
        EventHub::Subscription moved;
        auto subscription = hub.subscribe([&](const Event&) { ++heard; });
        moved = std::move(subscription);
        publish(hub);
    }
    publish(hub);
    EXPECT_EQ(heard, 1);
}

TEST(EventHub, ListenersMayUnsubscribeThemselvesAndOthersMeanwhile) {
    EventHub hub;
    std::vector<int> heard;
    std::optional<EventHub::Subscription> first, second, third;
    first = hub.subscribe([&](const Event&) {
        heard.push_back(1);
        first.reset();
        second.reset();
    });
    second = hub.subscribe([&](const Event&) { heard.push_back(2); });
    third = hub.subscribe([&](const Event&) { heard.push_back(3); });
    publish(hub);
    publish(hub);
    EXPECT_EQ(heard, (std::vector<int>{1, 3, 3}));
}

TEST(EventHub, WhoSubscribesMeanwhileHearsTheNextEvent) {
    EventHub hub;
    std::vector<uint64_t> heard;
    EventHub::Subscription late;
    bool subscribed = false;
    const auto early = hub.subscribe([&](const Event&) {
        if (!subscribed) late = hub.subscribe([&](const Event& event) { heard.push_back(event.seq); });
        subscribed = true;
    });
    publish(hub);
    EXPECT_TRUE(heard.empty());
    publish(hub);
    EXPECT_EQ(heard, std::vector<uint64_t>{2});
}

TEST(EventHub, RemembersTheLastEventsInOrder) {
    EventHub hub;
    EXPECT_EQ(hub.after(0), nullptr);
    for (size_t i = 0; i < EventHub::kRemembered + 10; ++i) publish(hub, std::to_string(i));
    EXPECT_EQ(hub.after(0)->seq, 11u);  // what is older is forgotten
    EXPECT_EQ(hub.after(10)->seq, 11u);
    EXPECT_EQ(hub.after(11)->seq, 12u);
    EXPECT_EQ(hub.after(11)->cause, "11");
    EXPECT_EQ(hub.after(hub.last_seq() - 1)->seq, hub.last_seq());
    EXPECT_EQ(hub.after(hub.last_seq()), nullptr);
    EXPECT_EQ(hub.after(hub.last_seq() + 5), nullptr);
}

}  // namespace
}  // namespace yard::engine
