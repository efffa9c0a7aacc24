#include "ipc/varlink/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace yard::varlink {
namespace {

std::string nested(size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

std::string parse_error(std::string_view text) {
    const Result<Json> result = Json::parse(text);
    return result.ok() ? "accepted" : result.error().message;
}

TEST(Json, ReadsEveryKindOfValue) {
    const Result<Json> json =
        Json::parse(R"( {"n":null,"t":true,"i":-7,"d":1.5,"s":"x\u00e9","a":[1,2],"o":{"k":0}} )");
    ASSERT_TRUE(json.ok()) << json.error().message;
    EXPECT_FALSE(json->has("n"));
    EXPECT_TRUE((*json)["t"].as_bool());
    EXPECT_EQ((*json)["i"].as_int(), -7);
    EXPECT_EQ((*json)["d"].as_double(), 1.5);
    EXPECT_EQ((*json)["s"].as_string(), "x\xC3\xA9");
    EXPECT_EQ((*json)["a"].as_array().size(), 2u);
    EXPECT_EQ((*json)["o"]["k"].as_int(9), 0);
}

TEST(Json, DumpGivesTheDocumentBackInItsOrder) {
    const std::string text = R"({"z":[1,-2,9007199254740993,2.5,"a\n\"b\"",null,{}],"a":{"b":false}})";
    EXPECT_EQ(Json::parse(text)->dump(), text);
}

TEST(Json, IntegersKeepAll64Bits) {
    EXPECT_EQ(Json::parse("9223372036854775807")->as_int(), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(Json::parse("-9223372036854775808")->as_int(), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(Json::parse("4294967295")->as_int(), 4294967295);
    EXPECT_EQ(Json::parse("[12,345]")->dump(), "[12,345]");
    const Json beyond = *Json::parse("9223372036854775808");
    EXPECT_FALSE(beyond.is_int());
    EXPECT_EQ(beyond.as_double(), 9223372036854775808.0);
}

TEST(Json, NumbersAreReadExactly) {
    EXPECT_EQ(Json::parse("0.00666666666666666000000")->as_double(), 0.00666666666666666);
    EXPECT_EQ(Json::parse("-0.0")->as_double(), 0.0);
    EXPECT_EQ(Json::parse("0.000000000000000000000000000000000000")->as_double(), 0.0);
    EXPECT_EQ(Json::parse("1.7976931348623157e308")->as_double(), std::numeric_limits<double>::max());
    EXPECT_NE(parse_error("1e999"), "accepted");
    EXPECT_NE(parse_error("1e-999").find("out of range"), std::string::npos);
}

TEST(Json, DepthIsLimited) {
    EXPECT_TRUE(Json::parse(nested(kMaxJsonDepth)).ok());
    EXPECT_NE(parse_error(nested(kMaxJsonDepth + 1)).find("deeper than 32"), std::string::npos);
    EXPECT_NE(parse_error(std::string(1'000'000, '[')).find("deeper than 32"), std::string::npos);
}

TEST(Json, DuplicateMembersAreRefusedByName) {
    EXPECT_NE(parse_error(R"({"a":1,"b":{"c":1,"c":2}})").find("duplicate member \"c\""), std::string::npos);
    EXPECT_TRUE(Json::parse(R"({"a":{"a":1}})").ok());
    Json many;
    for (int i = 0; i < 100; ++i) many.set("m" + std::to_string(i), i);
    const std::string text = many.dump();
    EXPECT_TRUE(Json::parse(text).ok());
    EXPECT_NE(parse_error(text.substr(0, text.size() - 1) + R"(,"m50":0})").find("duplicate member \"m50\""),
              std::string::npos);
}

TEST(Json, TextThatIsNotOneDocumentIsRefusedWithItsPlace) {
    EXPECT_NE(parse_error(R"({"a":1} x)").find("byte 8"), std::string::npos);
    for (const char* text :
         {"", "  ", "{", "{\"a\"}", "[1,]", "nul", "'a'", "01", "1e999", "\"\t\"", "{} {}", "// c\n1"}) {
        EXPECT_NE(parse_error(text), "accepted") << text;
    }
    EXPECT_NE(parse_error(std::string_view("{}\0{", 4)), "accepted");
}

TEST(Json, OnlyValidUtf8IsAccepted) {
    for (const char* bad :
         {"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xE2\x82\"", "\"\\ud800\"", "\"\\udc00\""}) {
        EXPECT_NE(parse_error(bad), "accepted") << bad;
    }
    EXPECT_EQ(Json::parse("\"\\ud83d\\ude00\"")->as_string(), "\xF0\x9F\x98\x80");
    EXPECT_EQ(Json::parse("\"12345678\xC3\xA9 and more\"")->as_string(), "12345678\xC3\xA9 and more");
    EXPECT_NE(parse_error("\"12345678abcdefg\xC3\""), "accepted");
}

TEST(Json, ReadingTheWrongTypeGivesTheFallback) {
    const Json text("x");
    EXPECT_EQ(text.as_int(5), 5);
    EXPECT_TRUE(text.as_bool(true));
    EXPECT_TRUE(text.as_array().empty());
    EXPECT_TRUE(text["member"].is_null());
    EXPECT_EQ(Json(3).as_double(), 3.0);
    EXPECT_EQ(Json(3).as_string(), "");
}

TEST(Json, SetAddsAndReplaces) {
    Json json;
    json.set("a", 1).set("b", Json::Array{Json(true)}).set("a", "two");
    EXPECT_EQ(json.dump(), R"({"a":"two","b":[true]})");
}

TEST(Json, TakeMovesAMemberOutAndLeavesNull) {
    Json document = *Json::parse(R"({"a":[1],"b":{"c":2}})");
    EXPECT_EQ(document.take("b").dump(), R"({"c":2})");
    EXPECT_TRUE(document.take("b").is_null());
    EXPECT_TRUE(document.take("d").is_null());
    EXPECT_EQ(document.dump(), R"({"a":[1],"b":null})");
    EXPECT_TRUE(Json(1).take("a").is_null());
}

TEST(JsonWriter, WritesWithoutATree) {
    JsonWriter writer;
    writer.begin_object().member("i", 1).member("u", uint32_t{4294967295}).member("s", std::string("x"));
    writer.key("a").begin_array().value(1.5).value(true).null().end_array();
    writer.key("j").value(Json::Object{{"k", Json()}}).end_object();
    EXPECT_EQ(writer.take(), R"({"i":1,"u":4294967295,"s":"x","a":[1.5,true,null],"j":{"k":null}})");
}

TEST(JsonWriter, CanBeUsedAgainAfterTake) {
    JsonWriter writer;
    EXPECT_EQ(writer.begin_array().end_array().take(), "[]");
    EXPECT_EQ(writer.begin_object().end_object().take(), "{}");
}

TEST(JsonWriter, OutputIsAlwaysValidJson) {
    const std::string binary("a\xFF\xC3(\xE2\x82\0\x01\xF0\x9F\x98\x80", 12);
    JsonWriter writer;
    writer.begin_array().value(binary).value(std::numeric_limits<double>::quiet_NaN()).end_array();
    const Result<Json> read = Json::parse(writer.take());
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->as_array()[0].as_string(),
              std::string("a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\0\x01\xF0\x9F\x98\x80", 20));
    EXPECT_TRUE(read->as_array()[1].is_null());
}

}  // namespace
}  // namespace yard::varlink
