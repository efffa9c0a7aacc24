#include "engine/graph/restart_policy.h"

#include <gtest/gtest.h>

namespace yard::engine::graph {
namespace {

using namespace std::chrono_literals;
using When = conf::RestartPolicy::When;
using Kind = Ruling::Kind;

constexpr double kMiddle = 0.5;  // no jitter

conf::ServiceConfig config_with(When when) {
    conf::ServiceConfig config;
    config.restart.when = when;
    return config;
}

Ending failure_at(Duration at, Duration lived = 3ms) {
    Ending ending;
    ending.lived = lived;
    ending.running = lived;
    ending.at = BootTime(at);
    return ending;
}

Ending success_at(Duration at, Duration lived) {
    Ending ending = failure_at(at, lived);
    ending.success = true;
    return ending;
}

struct Case {
    When when;
    bool success;
    Kind expected;
};

class WhichEndingsAreRestarted : public testing::TestWithParam<Case> {};

TEST_P(WhichEndingsAreRestarted, ByPolicy) {
    RestartBooks books;
    const Ending ending = GetParam().success ? success_at(100s, 5s) : failure_at(100s, 5s);
    EXPECT_EQ(judge(config_with(GetParam().when), ending, kMiddle, books).kind, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    RestartPolicy, WhichEndingsAreRestarted,
    testing::Values(Case{When::no, true, Kind::stopped}, Case{When::no, false, Kind::failed},
                    Case{When::on_failure, true, Kind::stopped}, Case{When::on_failure, false, Kind::restart},
                    Case{When::always, true, Kind::restart}, Case{When::always, false, Kind::restart},
                    Case{When::unless_stopped, true, Kind::restart},
                    Case{When::unless_stopped, false, Kind::restart}));

TEST(RestartPolicy, AOneshotThatSucceedsIsCompletedWhateverThePolicy) {
    for (const When when : {When::no, When::on_failure, When::always, When::unless_stopped}) {
        conf::ServiceConfig config = config_with(when);
        config.oneshot = true;
        RestartBooks books;
        EXPECT_EQ(judge(config, success_at(100s, 1ms), kMiddle, books).kind, Kind::completed);
    }
}

TEST(RestartPolicy, SuccessIsByCodesAndSignals) {
    conf::ServiceConfig config;
    EXPECT_TRUE(is_success(config, ExitStatus::from_exit_code(0)));
    EXPECT_FALSE(is_success(config, ExitStatus::from_exit_code(3)));
    EXPECT_FALSE(is_success(config, ExitStatus::from_signal(15)));
    EXPECT_FALSE(is_success(config, ExitStatus::unknown()));
    config.success_codes = {0, 3};
    config.success_signals = {15};
    EXPECT_TRUE(is_success(config, ExitStatus::from_exit_code(3)));
    EXPECT_TRUE(is_success(config, ExitStatus::from_signal(15)));
    EXPECT_FALSE(is_success(config, ExitStatus::from_exit_code(15)));
}

TEST(RestartPolicy, FirstRestartIsAtOnceThenTheDelayGrowsToItsCap) {
    conf::RestartPolicy policy;
    policy.max_delay = 1s;
    EXPECT_EQ(restart_delay(policy, 1, kMiddle), 0ms);
    EXPECT_EQ(restart_delay(policy, 2, kMiddle), 100ms);
    EXPECT_EQ(restart_delay(policy, 3, kMiddle), 200ms);
    EXPECT_EQ(restart_delay(policy, 4, kMiddle), 400ms);
    EXPECT_EQ(restart_delay(policy, 5, kMiddle), 800ms);
    EXPECT_EQ(restart_delay(policy, 6, kMiddle), 1s);
    EXPECT_EQ(restart_delay(policy, 4'000'000'000, kMiddle), 1s);
}

TEST(RestartPolicy, WithoutImmediateTheFirstRestartWaitsToo) {
    conf::RestartPolicy policy;
    policy.immediate = false;
    EXPECT_EQ(restart_delay(policy, 1, kMiddle), 100ms);
    EXPECT_EQ(restart_delay(policy, 2, kMiddle), 200ms);
}

TEST(RestartPolicy, JitterSpreadsTheDelayBothWays) {
    conf::RestartPolicy policy;
    policy.jitter = 0.25;
    EXPECT_EQ(restart_delay(policy, 2, 0.0), 75ms);
    EXPECT_NEAR(static_cast<double>(restart_delay(policy, 2, 0.9999).count()), 125e6, 1e5);
}

TEST(RestartPolicy, BurstFailuresInTheWindowAreTheLimit) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::on_failure);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(judge(config, failure_at(100s + i * 10s), kMiddle, books).kind, Kind::restart);
    }
    EXPECT_EQ(judge(config, failure_at(141s), kMiddle, books).kind, Kind::limit);
    EXPECT_EQ(books.window_count, 5u);
}

TEST(RestartPolicy, FailuresSpreadOverMoreThanTheWindowAreNotTheLimit) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::on_failure);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(judge(config, failure_at(100s + i * 16s), kMiddle, books).kind, Kind::restart) << i;
    }
}

TEST(RestartPolicy, HealthClearsDelayAndBurstAtTheNextExit) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::on_failure);
    for (int i = 0; i < 4; ++i) judge(config, failure_at(100s), kMiddle, books);
    const Ruling ruling = judge(config, failure_at(111s, 10s), kMiddle, books);
    EXPECT_EQ(ruling.kind, Kind::restart);
    EXPECT_EQ(ruling.delay, 0ms);
    EXPECT_EQ(books.consecutive_failures, 1u);
    EXPECT_EQ(books.window_count, 1u);
}

TEST(RestartPolicy, ALongStartThatNeverRanIsNoHealth) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::on_failure);
    Ending ending = failure_at(100s, 60s);
    ending.running.reset();
    for (int i = 0; i < 4; ++i) judge(config, ending, kMiddle, books);
    EXPECT_EQ(judge(config, ending, kMiddle, books).kind, Kind::limit);
}

TEST(RestartPolicy, ASuccessBeforeMinUptimeCountsAsAFailedStart) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::always);
    for (int i = 0; i < 4; ++i) judge(config, success_at(100s, 999ms), kMiddle, books);
    EXPECT_EQ(judge(config, success_at(100s, 999ms), kMiddle, books).kind, Kind::limit);
}

TEST(RestartPolicy, ASuccessAfterMinUptimeCountsAsNothing) {
    RestartBooks books;
    const conf::ServiceConfig config = config_with(When::always);
    for (int i = 0; i < 50; ++i) {
        const Ruling ruling = judge(config, success_at(100s, 1s), kMiddle, books);
        EXPECT_EQ(ruling.kind, Kind::restart);
        EXPECT_EQ(ruling.delay, 0ms);
    }
    EXPECT_EQ(books, RestartBooks{});
}

TEST(RestartPolicy, BurstZeroAndDelayZeroRestartForEverAtOnce) {
    RestartBooks books;
    conf::ServiceConfig config = config_with(When::on_failure);
    config.restart.burst = 0;
    config.restart.delay = 0ms;
    for (int i = 0; i < 1000; ++i) {
        const Ruling ruling = judge(config, failure_at(100s), kMiddle, books);
        ASSERT_EQ(ruling.kind, Kind::restart);
        ASSERT_EQ(ruling.delay, 0ms);
    }
}

TEST(RestartPolicy, TheFirstFailureAfterHealthMayBeLeftToTheKeeper) {
    const conf::ServiceConfig config = config_with(When::on_failure);
    EXPECT_EQ(arm_terms(config, {}), (ArmTerms{.on_failure = true}));
    EXPECT_EQ(arm_terms(config, {.consecutive_failures = 1, .window_count = 1}),
              (ArmTerms{.on_failure = true, .min_uptime = 10s}));
}

TEST(RestartPolicy, AlwaysArmsForSuccessToo) {
    EXPECT_EQ(arm_terms(config_with(When::always), {}), (ArmTerms{.on_failure = true, .on_success = true}));
}

TEST(RestartPolicy, NothingIsArmedThatTheKeeperCannotJudge) {
    EXPECT_EQ(arm_terms(config_with(When::no), {}), std::nullopt);

    conf::ServiceConfig once = config_with(When::on_failure);
    once.oneshot = true;
    EXPECT_EQ(arm_terms(once, {}), std::nullopt);

    conf::ServiceConfig own_success = config_with(When::on_failure);
    own_success.success_codes = {0, 7};
    EXPECT_EQ(arm_terms(own_success, {}), std::nullopt);

    conf::ServiceConfig delayed = config_with(When::on_failure);
    delayed.restart.immediate = false;
    EXPECT_EQ(arm_terms(delayed, {}), std::nullopt);

    conf::ServiceConfig one_chance = config_with(When::on_failure);
    one_chance.restart.burst = 1;
    EXPECT_EQ(arm_terms(one_chance, {}), std::nullopt);
}

// Whatever the books say and whenever the exit comes: if the terms allow it, the policy restarts at once.
TEST(RestartPolicy, ArmedTermsNeverPromiseMoreThanThePolicyGrants) {
    size_t granted = 0;
    for (const When when : {When::on_failure, When::always}) {
        for (const uint32_t burst : {0u, 1u, 2u, 5u}) {
            for (const auto delay : {0ms, 100ms}) {
                for (const uint32_t failures : {0u, 1u, 4u}) {
                    for (const Duration lived : {Duration(0), Duration(5ms), Duration(2s), Duration(10s)}) {
                        for (const bool success : {false, true}) {
                            conf::ServiceConfig config = config_with(when);
                            config.restart.burst = burst;
                            config.restart.delay = delay;
                            RestartBooks books{failures, failures, Duration(95s).count()};
                            const auto terms = arm_terms(config, books);
                            const bool used = terms && lived >= terms->min_uptime &&
                                              (success ? terms->on_success : terms->on_failure);
                            if (!used) continue;
                            const Ending ending = success ? success_at(100s, lived) : failure_at(100s, lived);
                            const Ruling ruling = judge(config, ending, kMiddle, books);
                            EXPECT_EQ(ruling.kind, Kind::restart);
                            EXPECT_EQ(ruling.delay, 0ms);
                            ++granted;
                        }
                    }
                }
            }
        }
    }
    EXPECT_GT(granted, 50u);
}

}  // namespace
}  // namespace yard::engine::graph
