#include <gtest/gtest.h>

#include "engine/ready/repeated_probe.h"
#include "helpers/loop_test.h"

namespace yard::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Attempts that the test ends as it likes.
class RepeatedProbeTest : public LoopTest {
  protected:
    class FakeAttempt : public Attempt {
      public:
        explicit FakeAttempt(int& alive) : alive_(alive) { ++alive_; }
        ~FakeAttempt() override { --alive_; }

      private:
        int& alive_;
    };

    void start_probe(Duration interval, Duration limit) {
        probe_ = std::make_unique<RepeatedProbe>(
            loop(), "fake", interval, limit,
            [this](AttemptDone done) {
                EXPECT_EQ(alive_, 0) << "attempts overlap";
                ++attempts_;
                done_ = std::move(done);
                if (at_once_) done_(*at_once_);
                return std::make_unique<FakeAttempt>(alive_);
            },
            [this] { on_ready_(); });
    }
    bool attempted(int times) {
        return run_until([&] { return attempts_ >= times; });
    }

    int alive_ = 0, attempts_ = 0, ready_ = 0;
    AttemptDone done_;
    std::optional<Status> at_once_;
    std::function<void()> on_ready_ = [this] { ++ready_; };
    std::unique_ptr<RepeatedProbe> probe_;
};

TEST_F(RepeatedProbeTest, FirstAttemptBeginsAtOnce) {
    start_probe(hours(1), hours(1));
    EXPECT_EQ(attempts_, 1);
    EXPECT_EQ(probe_->last_failure(), "fake: not tried yet");
}

TEST_F(RepeatedProbeTest, SuccessIsReadinessOnceAndLeavesNothingBehind) {
    start_probe(hours(1), hours(1));
    done_(Ok());
    EXPECT_EQ(ready_, 0);  // never from within the attempt
    ASSERT_TRUE(run_until([&] { return ready_ > 0; }));
    EXPECT_EQ(alive_, 0);
    EXPECT_TRUE(is_idle());
    EXPECT_EQ(ready_, 1);
}

TEST_F(RepeatedProbeTest, FailureIsRememberedAndTriedAgain) {
    start_probe(milliseconds(1), hours(1));
    done_(fail("no luck"));
    ASSERT_TRUE(attempted(2));
    EXPECT_EQ(probe_->last_failure(), "fake: no luck");
    done_(Ok());
    EXPECT_TRUE(run_until([&] { return ready_ > 0; }));
}

TEST_F(RepeatedProbeTest, OutcomeMayComeFromTheAttemptsConstructor) {
    at_once_ = fail("refused");
    start_probe(milliseconds(1), hours(1));
    ASSERT_TRUE(attempted(3));
    at_once_ = Ok();
    EXPECT_TRUE(run_until([&] { return ready_ > 0; }));
}

TEST_F(RepeatedProbeTest, SilentAttemptIsGivenUpAtItsLimit) {
    start_probe(milliseconds(1), milliseconds(2));
    ASSERT_TRUE(attempted(2));
    EXPECT_EQ(probe_->last_failure(), "fake: no answer within 2ms");
}

TEST_F(RepeatedProbeTest, PauseLastsTheInterval) {
    const auto began = SystemClock().now();
    start_probe(milliseconds(30), hours(1));
    done_(fail("no luck"));
    ASSERT_TRUE(attempted(2));
    EXPECT_GE(SystemClock().now() - began, milliseconds(29));
}

TEST_F(RepeatedProbeTest, CanBeDestroyedInEveryPhase) {
    start_probe(hours(1), hours(1));
    probe_.reset();  // attempting
    EXPECT_EQ(alive_, 0);
    start_probe(hours(1), hours(1));
    done_(Ok());
    probe_.reset();  // concluding
    EXPECT_TRUE(is_idle());
    start_probe(hours(1), hours(1));
    done_(fail("no luck"));
    ASSERT_TRUE(run_until([&] { return alive_ == 0; }));
    probe_.reset();  // pausing
    EXPECT_TRUE(is_idle());
    EXPECT_EQ(ready_, 0);
}

TEST_F(RepeatedProbeTest, CallbackMayDestroyTheProbe) {
    on_ready_ = [this] {
        ++ready_;
        probe_.reset();
    };
    start_probe(hours(1), hours(1));
    done_(Ok());
    EXPECT_TRUE(run_until([&] { return ready_ > 0; }));
}

}  // namespace
}  // namespace yard::engine
