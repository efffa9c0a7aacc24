#include "engine/reload_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

conf::ServiceConfig service(const std::string& name, uint32_t instances = 1) {
    conf::ServiceConfig config;
    config.name = name;
    config.command = {"/bin/program"};
    config.instances = instances;
    return config;
}

ReloadPlan plan(std::vector<conf::ServiceConfig> before, std::vector<conf::ServiceConfig> after) {
    return plan_reload({{}, std::move(before), {}}, {{}, std::move(after), {}});
}

std::vector<std::string> names(const ReloadPlan& plan) {
    std::vector<std::string> names;
    for (const auto& [name, config] : plan.leaving) names.push_back(name);
    return names;
}

TEST(ReloadPlan, TheSameAsksForNothing) {
    const ReloadPlan nothing = plan({service("db"), service("api")}, {service("api"), service("db")});
    EXPECT_THAT(nothing.leaving, IsEmpty());
    EXPECT_THAT(nothing.adjustments, IsEmpty());
    EXPECT_THAT(nothing.changed, IsEmpty());
    EXPECT_THAT(nothing.needs, IsEmpty());
}

TEST(ReloadPlan, WhatIsNotNamedAnyMoreLeavesAsItWasConfigured) {
    conf::ServiceConfig old = service("old");
    old.stop.signal = 1;
    const ReloadPlan one = plan({old, service("db")}, {service("new"), service("db")});
    ASSERT_THAT(names(one), ElementsAre("old"));
    EXPECT_EQ(one.leaving[0].second.stop.signal, 1);
}

TEST(ReloadPlan, FewerInstancesLeaveByTheirNames) {
    EXPECT_THAT(names(plan({service("w", 3)}, {service("w", 2)})), ElementsAre("w@3"));
    EXPECT_THAT(names(plan({service("w", 2)}, {service("w", 1)})), ElementsAre("w@1", "w@2"));
}

TEST(ReloadPlan, NiceAndLimitsAreAdjustedWhereTheyChange) {
    conf::ServiceConfig before = service("api"), after = service("api");
    before.limits = {{RLIMIT_NOFILE, 10, 20}, {RLIMIT_CORE, 0, 0}, {RLIMIT_NPROC, 5, 5}};
    after.limits = {{RLIMIT_NOFILE, 10, 30}, {RLIMIT_CORE, 0, 0}};
    after.nice = 5;
    const ReloadPlan one = plan({before, service("db")}, {after, service("db")});
    ASSERT_EQ(one.adjustments.size(), 1u);
    EXPECT_TRUE(one.adjustments[0].nice);
    ASSERT_EQ(one.adjustments[0].limits.size(), 1u);
    EXPECT_EQ(one.adjustments[0].limits[0].hard, 30u);
    EXPECT_THAT(one.adjustments[0].unlimited, ElementsAre(RLIMIT_NPROC));
}

TEST(ReloadPlan, EachInstanceThatStaysIsAdjusted) {
    conf::ServiceConfig after = service("w", 3);
    after.nice = 5;
    const ReloadPlan both = plan({service("w", 2)}, {after});
    ASSERT_EQ(both.adjustments.size(), 2u);
    EXPECT_EQ(both.adjustments[1].service, "w@2");
    EXPECT_THAT(both.changed, ElementsAre("w@1", "w@2"));
}

TEST(ReloadPlan, NewRequirementsAndWishesAreNeedsOfWhatStays) {
    conf::ServiceConfig before = service("api"), after = service("api"), added = service("web");
    before.requires_ = {{"db"}};
    after.requires_ = {{"db"}, {"cache"}};
    after.wants = {{"mail"}};
    after.after = {{"clock"}};
    added.requires_ = {{"db"}};
    EXPECT_THAT(plan({before}, {after, added}).needs,
                UnorderedElementsAre(Pair("api", "cache"), Pair("api", "mail")));
}

}  // namespace
}  // namespace yard::engine
