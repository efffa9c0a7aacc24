// Whatever a file contains, the loader answers with a sentence, in bounded time and memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/yaml_parser.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

TEST(HostileFile, AnAliasBombIsRefusedWhereItGoesOff) {
    std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i <= 30; ++i) {
        const std::string alias = "*a" + std::to_string(i - 1);
        yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias +
                repeated(", " + alias, 8) + "]\n";
    }
    EXPECT_THAT(mistakes_in(yaml), StartsWith("yard.yaml:5:"));
    EXPECT_THAT(mistakes_in(yaml), HasSubstr("the aliases multiply to more than"));
}

TEST(HostileFile, ABombOfMergeKeysIsRefused) {
    std::string yaml = "m: &m {";
    for (int i = 0; i < 1000; ++i) yaml += "k" + std::to_string(i) + ": 1, ";
    yaml += "}\nl:\n" + repeated("- {<<: *m}\n", 1000);
    EXPECT_THAT(mistakes_in(yaml), HasSubstr("the aliases multiply to more than"));
}

TEST(HostileFile, DeepNestingIsRefusedAtTheLimit) {
    EXPECT_EQ(mistakes_in("a: " + repeated("[\n", 1000) + repeated("]", 1000)),
              "yard.yaml:32:1: error: nested too deeply; expected at most 32 levels\n");
    EXPECT_THAT(mistakes_in(repeated("[", 1'000'000)), StartsWith("yard.yaml:1:"));
    EXPECT_THAT(mistakes_in("a: " + repeated("{a: ", 1000)), HasSubstr("nested too deeply"));
    EXPECT_THAT(mistakes_in(repeated("- ", 1000)), HasSubstr("nested too deeply"));
    EXPECT_THAT(mistakes_in(repeated("? ", 1000)), StartsWith("yard.yaml:1:"));
}

TEST(HostileFile, WhatIsNoTextIsNamedWithItsPlace) {
    EXPECT_EQ(mistakes_in(std::string("a\0b", 3)),
              "yard.yaml:1:2: error: the file contains a NUL byte; expected plain text\n");
    EXPECT_EQ(mistakes_in("a: 1\nb: \x04"),
              "yard.yaml:2:4: error: the file contains the control character 0x04; expected plain text\n");
    EXPECT_EQ(mistakes_in("a: \xff"),
              "yard.yaml:1:4: error: the byte 0xff is not valid UTF-8; save the file as UTF-8\n");
    for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf8", "\x80", "\xc3", "\xe2\x82"}) {
        EXPECT_THAT(mistakes_in(bad), HasSubstr("is not valid UTF-8")) << bad;
    }
}

TEST(HostileFile, TextInAllLanguagesIsAccepted) {
    EXPECT_EQ(mistakes_in("services: {a: {shell: x, description: \"\u00fc \u20ac \U0001F600\"}}"), "");
    EXPECT_EQ(mistakes_in("\xef\xbb\xbfservices: {a: {shell: x}}\r\n"), "");
}

TEST(HostileFile, AVariableThatIsNotTextIsRefused) {
    MapSource source("services: {a: {shell: \"${BAD}\"}}");
    source.variables["BAD"] = "\xff";
    EXPECT_EQ(all_text(load("yard.yaml", source)),
              "yard.yaml:1:23: error: the variable BAD holds bytes that are not text\n");
}

TEST(HostileFile, VariablesDoNotMultiplyWithoutBound) {
    MapSource source("services: {a: {shell: x, env: {A: '" + repeated("${BIG}", 1000) + "'}}}");
    source.variables["BIG"] = std::string(100'000, 'x');
    EXPECT_THAT(all_text(load("yard.yaml", source)),
                HasSubstr("the variables of this file add up to more than 8MiB"));
}

TEST(HostileFile, AFileThatIsTooLargeIsRefusedUnread) {
    EXPECT_EQ(mistakes_in(std::string(kMaxFileSize + 1, '[')),
              "yard.yaml: error: the file is larger than 8MiB\n");
}

TEST(HostileFile, AHugeLineIsReadAndCutInTheMessage) {
    const std::string found =
        mistakes_in("services: {a: {shell: x, nice: " + std::string(2'000'000, '9') + "}}");
    EXPECT_THAT(found, HasSubstr("nice: expected a whole number from -20 to 19, not \"999"));
    EXPECT_LT(found.size(), 300u);
}

TEST(HostileFile, ALongChainOfDependenciesIsNoRecursion) {
    std::string yaml = "services:\n  s0: {shell: x}\n";
    for (int i = 1; i < 50'000; ++i)
        yaml += "  s" + std::to_string(i) + ": {shell: x, requires: [s" + std::to_string(i - 1) + "]}\n";
    EXPECT_EQ(mistakes_in(yaml), "");
}

TEST(HostileFile, FiveThousandServicesWithAliasesLoad) {
    std::string yaml =
        "defaults: {restart: {delay: 1s}}\nservices:\n  s0: &common {shell: x, env: {A: 1, B: 2, C: 3}, log: "
        "{keep: 3, compress: gzip}, stop: {timeout: 5s}}\n";
    for (int i = 1; i < 5000; ++i) yaml += "  s" + std::to_string(i) + ": {<<: *common, nice: 3}\n";
    MapSource source(yaml);
    const Loaded loaded = load("yard.yaml", source);
    EXPECT_EQ(all_text(loaded), "");
    EXPECT_EQ(loaded.config.services.size(), 5000u);
}

TEST(HostileFile, ThousandsThatMissOneServiceAreToldApartQuickly) {
    std::string yaml = "services:\n";
    for (int i = 0; i < 5000; ++i) yaml += "  s" + std::to_string(i) + ": {shell: x, requires: [missing]}\n";
    MapSource source(yaml);
    EXPECT_EQ(load("yard.yaml", source).diagnostics.size(), Report::kMaxMistakes + 1);
}

}  // namespace
}  // namespace yard::conf
