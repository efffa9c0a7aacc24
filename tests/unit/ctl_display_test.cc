#include <gtest/gtest.h>

#include "ctl/display_text.h"
#include "ctl/table.h"
#include "ctl/terminal.h"

namespace yard::ctl {
namespace {

constexpr const char* kReplaced = "\uFFFD";

TEST(Neutralised, ControlCharactersAreShownInsteadOfObeyed) {
    EXPECT_EQ(neutralised("a\x1b[31mb\x07\x7f\r\n\t"), "a^[[31mb^G^?^M^J^I");
    EXPECT_EQ(neutralised(std::string("\0", 1)), "^@");
    EXPECT_EQ(neutralised("a\tb\n", {.keep_tabs = true}), "a\tb^J");
}

TEST(Neutralised, C1ControlsAndOverridesOfDirectionAreReplaced) {
    EXPECT_EQ(neutralised("\u009b31m"), std::string(kReplaced) + "31m");
    EXPECT_EQ(neutralised("\u202egnp.exe"), std::string(kReplaced) + "gnp.exe");
    EXPECT_EQ(neutralised("\u2066"), kReplaced);
}

TEST(Neutralised, EachByteThatIsNoUtf8IsReplaced) {
    EXPECT_EQ(neutralised("\xff"), kReplaced);
    EXPECT_EQ(neutralised("\xc0\x9b"), std::string(kReplaced) + kReplaced);                  // overlong
    EXPECT_EQ(neutralised("\xed\xa0\x80"), std::string(kReplaced) + kReplaced + kReplaced);  // surrogate
    EXPECT_EQ(neutralised("\xe2\x82"), std::string(kReplaced) + kReplaced);                  // cut off
    EXPECT_EQ(neutralised("\xf4\x90\x80\x80").size(), 4 * std::string(kReplaced).size());  // beyond U+10FFFF
}

TEST(Neutralised, OrdinaryTextStaysAsItIs) {
    for (const char* text : {"", "plain", "grün", "日本", "👍", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(neutralised(text), text);
    EXPECT_EQ(neutralised("grün 日", {.ascii_only = true}), "gr?n ?");
}

TEST(DisplayWidth, WideIsTwoAndCombiningIsNone) {
    EXPECT_EQ(display_width("abc"), 3u);
    EXPECT_EQ(display_width("grün"), 4u);
    EXPECT_EQ(display_width("日本"), 4u);
    EXPECT_EQ(display_width("e\u0301"), 1u);
    EXPECT_EQ(display_width("👍"), 2u);
    EXPECT_EQ(display_width("├─ …"), 4u);
}

TEST(CutToWidth, NeverExceedsTheWidthAndNeverSplitsACharacter) {
    EXPECT_EQ(cut_to_width("abcdef", 6, "…"), "abcdef");
    EXPECT_EQ(cut_to_width("abcdef", 4, "…"), "abc…");
    EXPECT_EQ(cut_to_width("日本語", 4, "…"), "日…");
    EXPECT_EQ(cut_to_width("abcdef", 5, "..."), "ab...");
    EXPECT_EQ(cut_to_width("abcdef", 2, "..."), "..");
    EXPECT_EQ(cut_to_width("e\u0301x", 1, "…"), "…");
}

TerminalFacts tty() {
    return {.is_tty = true, .columns = 100, .term = "xterm", .lang = "C.UTF-8"};
}

TEST(Terminal, ColoursOnlyOnATerminalThatWantsThem) {
    EXPECT_TRUE(describe_terminal(tty()).colours);
    TerminalFacts facts = tty();
    facts.no_color = "1";
    EXPECT_FALSE(describe_terminal(facts).colours);
    facts = tty();
    facts.term = "dumb";
    EXPECT_FALSE(describe_terminal(facts).colours);
    facts = tty();
    facts.is_tty = false;
    EXPECT_FALSE(describe_terminal(facts).colours);
}

TEST(Terminal, WidthIsColumnsThenTheTerminalsThenEightyAndNoLimitElsewhere) {
    TerminalFacts facts = tty();
    EXPECT_EQ(describe_terminal(facts).width, 100u);
    facts.columns_variable = "60";
    EXPECT_EQ(describe_terminal(facts).width, 60u);
    facts.columns_variable = "wide";
    EXPECT_EQ(describe_terminal(facts).width, 100u);
    facts.columns = 0;
    EXPECT_EQ(describe_terminal(facts).width, 80u);
    facts.is_tty = false;
    facts.columns_variable = "60";
    EXPECT_EQ(describe_terminal(facts).width, 0u);
}

TEST(Terminal, TheFirstLocaleVariableThatIsSetDecidesTheCharset) {
    TerminalFacts facts = tty();
    EXPECT_TRUE(describe_terminal(facts).utf8);
    facts.lc_all = "C";
    EXPECT_FALSE(describe_terminal(facts).utf8);
    facts.lc_all = "de_DE.utf8";
    EXPECT_TRUE(describe_terminal(facts).utf8);
    EXPECT_FALSE(describe_terminal({.is_tty = true}).utf8);
}

Table two_columns() {
    Table table({{.title = "NAME", .narrowest = 4},
                 {.title = "N", .align = Column::Align::right},
                 {.title = "WHY", .narrowest = 5}});
    return table;
}

TEST(Table, ColumnsAreAsWideAsTheirCellsAndLinesHaveNoSpacesAtTheEnd) {
    Table table = two_columns();
    table.add({"a", "10", ""});
    table.add({"日本", "7", "because"});
    EXPECT_EQ(table.draw({}),
              "NAME   N  WHY\n"
              "a     10\n"
              "日本   7  because\n");
}

TEST(Table, ANarrowTerminalCutsOnlyTheColumnsThatMayBeCutWidestFirst) {
    Table table = two_columns();
    table.add({"a-name", "1234567", "a long reason"});
    Terminal terminal{.is_tty = true, .width = 24};
    EXPECT_EQ(table.draw(terminal),
              "NAME          N  WHY\n"
              "a-name  1234567  a long…\n");
    terminal.width = 10;  // less than can be had: as narrow as it gets
    EXPECT_EQ(table.draw(terminal),
              "NAME        N  WHY\n"
              "a-n…  1234567  a lo…\n");
}

TEST(Table, WhatMattersLeastIsLeftOutWhereTheTerminalIsTooNarrowForAll) {
    const auto draw = [](size_t width) {
        Table table({{.title = "NAME"},
                     {.title = "AGE", .goes = 2},
                     {.title = "NICE", .goes = 1},
                     {.title = "WHY", .narrowest = 4}});
        table.add({"web", "3m", "-5", "because"});
        table.leave_a_line();
        table.add({"db", "1m", "0", ""});
        return table.draw({.is_tty = true, .width = width});
    };
    EXPECT_EQ(draw(21), "NAME  AGE  NICE  WHY\nweb   3m   -5    bec…\n\ndb    1m   0\n");
    EXPECT_EQ(draw(17), "NAME  AGE  WHY\nweb   3m   becau…\n\ndb    1m\n");
    EXPECT_EQ(draw(14), "NAME  WHY\nweb   because\n\ndb\n");
}

TEST(Table, ColoursDoNotChangeTheLayoutAndCellsCannotBringTheirOwn) {
    Table table({{.title = "A"}, {.title = "B"}});
    table.add({Cell("red", Colour::red), "x\x1b[0m\ny"});
    EXPECT_EQ(table.draw({.is_tty = true, .colours = true}),
              "\033[1mA\033[0m    \033[1mB\033[0m\n"
              "\033[31mred\033[0m  x^[[0m^Jy\n");
}

}  // namespace
}  // namespace yard::ctl
