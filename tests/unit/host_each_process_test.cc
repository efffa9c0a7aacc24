#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/host/each_process.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;

// The processes met when each pass finds the next of `listings`; the last one stays.
std::vector<int> met(const std::vector<std::vector<int>>& listings) {
    size_t pass = 0;
    const auto list = [&] {
        std::vector<ProcessRow> rows;
        for (const int pid : listings[std::min(pass, listings.size() - 1)]) {
            rows.emplace_back();
            rows.back().pid = pid;
        }
        ++pass;
        return rows;
    };
    std::vector<int> pids;
    for_each_process(list, [&](const ProcessRow& row) { pids.push_back(row.pid); });
    return pids;
}

TEST(EachProcess, IsMetOnce) {
    EXPECT_THAT(met({{10, 11}}), ElementsAre(10, 11));
}

TEST(EachProcess, ThatWasForkedMeanwhileIsMetToo) {
    EXPECT_THAT(met({{10}, {10, 12}, {12, 13}}), ElementsAre(10, 12, 13));
}

TEST(EachProcess, OfWhoForksAllTheTimeIsNotMetForEver) {
    std::vector<std::vector<int>> listings;
    for (int pid = 0; pid < 100; ++pid) listings.push_back({pid});
    EXPECT_LT(met(listings).size(), 20u);
}

}  // namespace
}  // namespace yard::engine
