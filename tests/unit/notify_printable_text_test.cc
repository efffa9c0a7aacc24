#include <gtest/gtest.h>

#include "engine/notify/printable_text.h"

namespace yard::engine {
namespace {

const std::string kReplacement = "\xEF\xBF\xBD";

TEST(PrintableText, Utf8OfEverySizeIsKept) {
    const std::string text = "a \u00e9 \u20ac \U0001F600 \U0010FFFF";
    EXPECT_EQ(printable_text(text), text);
}

TEST(PrintableText, ControlCharactersBecomeSpaces) {
    EXPECT_EQ(printable_text("a\tb\rc\x7f"
                             "d\x1b[0m"),
              "a b c d [0m");
    EXPECT_EQ(printable_text("a\xC2\x9B"
                             "2J"),
              "a 2J");                                  // CSI as one C1 character
    EXPECT_EQ(printable_text("\xC2\xA0"), "\xC2\xA0");  // the first one after C1
}

TEST(PrintableText, WhatIsNoUtf8IsReplaced) {
    EXPECT_EQ(printable_text("\x80"), kReplacement);                     // continuation alone
    EXPECT_EQ(printable_text("\xE2\x82"), kReplacement + kReplacement);  // cut off
    EXPECT_EQ(printable_text("\xC3("), kReplacement + "(");              // no continuation
    EXPECT_EQ(printable_text("\xFE!"), kReplacement + "!");              // never a lead byte
    EXPECT_EQ(printable_text("\xF8"
                             "abcd"),
              kReplacement + "abcd");  // five bytes
}

TEST(PrintableText, OverlongFormsSurrogatesAndTooLargeCodesAreReplaced) {
    const auto replaced = [](size_t count) {
        std::string text;
        while (count-- > 0) text += kReplacement;
        return text;
    };
    EXPECT_EQ(printable_text("\xC0\x80"), replaced(2));
    EXPECT_EQ(printable_text("\xE0\x80\xAF"), replaced(3));
    EXPECT_EQ(printable_text("\xF0\x80\x80\xAF"), replaced(4));
    EXPECT_EQ(printable_text("\xED\xA0\x80"), replaced(3));
    EXPECT_EQ(printable_text("\xF4\x90\x80\x80"), replaced(4));
}

}  // namespace
}  // namespace yard::engine
