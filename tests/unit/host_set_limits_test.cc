#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "engine/host/set_limits.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct SetLimits : testing::Test {
    std::vector<int> asked;  // resources
    std::vector<int> errors{0, 0, 0};

    Status set() {
        const auto set_limit = [this](int, const conf::Rlimit& limit) {
            asked.push_back(limit.resource);
            return errors[asked.size() - 1];
        };
        return set_limits(10, {{RLIMIT_CORE, 0, 1}, {RLIMIT_NPROC, 5, 6}, {RLIMIT_NOFILE, 7, 8}}, set_limit);
    }
};

TEST_F(SetLimits, EachLimitIsSet) {
    EXPECT_TRUE(set());
    EXPECT_THAT(asked, ElementsAre(RLIMIT_CORE, RLIMIT_NPROC, RLIMIT_NOFILE));
}

TEST_F(SetLimits, AProcessThatHasEndedIsNoFailure) {
    errors = {ESRCH, ESRCH, ESRCH};
    EXPECT_TRUE(set());
}

TEST_F(SetLimits, AFailureIsToldAndTheOthersAreTried) {
    errors = {EPERM, 0, EINVAL};
    const Status done = set();
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("process 10"));
    EXPECT_THAT(done.error().message, HasSubstr("CAP_SYS_RESOURCE"));
    EXPECT_EQ(asked.size(), 3u);
}

}  // namespace
}  // namespace yard::engine
