#include "ipc/channel/passed_channels.h"

#include <gtest/gtest.h>

namespace yard::ipc {
namespace {

TEST(PassedChannels, WhatIsWrittenIsRead) {
    const std::vector<PassedChannel> channels{{"app/jobs", 3, 4, 17}, {"feed", 5, -1, 0}, {"c", 6, 7, 8191}};
    EXPECT_EQ(passed_text(channels), "app/jobs=3:4:17,feed=5,c=6:7:8191");
    EXPECT_EQ(parse_passed(passed_text(channels)), channels);
    EXPECT_TRUE(parse_passed("").empty());
}

TEST(PassedChannels, WhatIsNoneIsLeftOut) {
    for (const char* text :
         {"a", "a=", "=3", "a=3:4", "a=3:4:5:6", "a=x", "a=3:", "a=-1", "a=99999999999", "a=3 ", ",,"})
        EXPECT_TRUE(parse_passed(text).empty()) << text;
    EXPECT_EQ(parse_passed("bad=,good=3").size(), 1u);
}

}  // namespace
}  // namespace yard::ipc
