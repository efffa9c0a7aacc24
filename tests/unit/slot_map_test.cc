#include "engine/slot_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yard::engine {
namespace {

using testing::ElementsAre;

std::vector<uint32_t> slots_of(const SlotMap& map, ServiceId count) {
    std::vector<uint32_t> slots;
    for (ServiceId id = 0; id < count; ++id) slots.push_back(map.slot(id));
    return slots;
}

TEST(SlotMap, TheFirstServicesGetTheLowestSlotsInOrder) {
    const SlotMap map({"db", "api", "web"}, {}, {});
    EXPECT_THAT(slots_of(map, 3), ElementsAre(0, 1, 2));
    EXPECT_EQ(map.end(), 3u);
}

TEST(SlotMap, AKnownServiceKeepsItsSlotWhateverItsPlaceInTheFile) {
    const SlotMap map({"web", "db", "api"}, {"db", "api", "web"}, {});
    EXPECT_THAT(slots_of(map, 3), ElementsAre(2, 0, 1));
    EXPECT_EQ(map.service(2), 0u);
}

TEST(SlotMap, ANewServiceGetsTheLowestSlotThatIsNobodys) {
    const SlotMap map({"new", "newer", "web"}, {"db", "", "web"}, {});
    EXPECT_THAT(slots_of(map, 3), ElementsAre(1, 3, 2));
    EXPECT_EQ(map.end(), 4u);
    EXPECT_EQ(map.service(0), std::nullopt);  // db's
}

TEST(SlotMap, ASlotWhereSomethingStillRunsIsNotGivenAway) {
    const SlotMap map({"new", "newer"}, {""}, {0, 2});
    EXPECT_THAT(slots_of(map, 2), ElementsAre(1, 3));
}

TEST(SlotMap, AKnownServiceKeepsItsSlotThoughItRuns) {
    const SlotMap map({"api"}, {"db", "api"}, {0, 1});
    EXPECT_THAT(slots_of(map, 1), ElementsAre(1));
}

}  // namespace
}  // namespace yard::engine
