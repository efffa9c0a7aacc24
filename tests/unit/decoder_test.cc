#include "ipc/varlink/decoder.h"

#include <gtest/gtest.h>

#include <vector>

#include "ipc/varlink/json.h"

namespace yard::varlink {
namespace {

using namespace std::string_literals;

struct Outcome {
    std::vector<std::string> texts;
    std::string terminators;
    std::string problem;
    bool inside = false;
};

Outcome decode_in_pieces(const std::string& bytes, size_t piece) {
    Decoder decoder;
    Outcome outcome;
    for (size_t at = 0; at < bytes.size(); at += piece) {
        decoder.feed(std::string_view(bytes).substr(at, piece));
        for (;;) {
            Result<std::optional<Decoder::Message>> message = decoder.next();
            if (!message.ok()) {
                outcome.problem = message.error().message;
                outcome.inside = false;
                return outcome;
            }
            if (!message->has_value()) break;
            outcome.texts.push_back((*message)->text);
            outcome.terminators += (*message)->terminator;
        }
        outcome.inside = decoder.inside_message();
    }
    return outcome;
}

// The outcome must not depend on how the bytes are cut; decodes in several ways and returns the common
// outcome.
Outcome decode(const std::string& bytes) {
    const Outcome whole = decode_in_pieces(bytes, bytes.size());
    for (const size_t piece : {1, 2, 3, 7}) {
        const Outcome cut = decode_in_pieces(bytes, piece);
        EXPECT_EQ(cut.texts, whole.texts);
        EXPECT_EQ(cut.terminators, whole.terminators);
        EXPECT_EQ(cut.problem, whole.problem);
        EXPECT_EQ(cut.inside, whole.inside);
    }
    return whole;
}

TEST(Decoder, NulEndsAMessage) {
    const Outcome outcome = decode("{\"a\":1}\0{}\0"s);
    EXPECT_EQ(outcome.texts, (std::vector<std::string>{"{\"a\":1}", "{}"}));
    EXPECT_EQ(outcome.terminators, "\0\0"s);
    EXPECT_FALSE(outcome.inside);
}

TEST(Decoder, TerminatorsMayBeMixed) {
    const Outcome outcome = decode("{\"a\":1}\n{}\0\n {\"b\":2} \r\n"s);
    EXPECT_EQ(outcome.texts, (std::vector<std::string>{"{\"a\":1}", "{}", "{\"b\":2} \r"}));
    EXPECT_EQ(outcome.terminators, "\n\0\n"s);
}

TEST(Decoder, NewlineInsideTheObjectIsWhiteSpace) {
    const Outcome outcome = decode("{\n\"a\": [\n1,\n{}\n]\n}\n");
    ASSERT_EQ(outcome.texts.size(), 1u);
    EXPECT_EQ(Json::parse(outcome.texts[0])->dump(), R"({"a":[1,{}]})");
}

TEST(Decoder, BracketsAndQuotesInStringsDoNotCount) {
    const std::string text = R"({"a":"}]\"{[\\","b":"\\\""})";
    EXPECT_EQ(decode(text + "\n").texts, std::vector<std::string>{text});
}

TEST(Decoder, BlankLinesAndEmptyMessagesAreSkipped) {
    EXPECT_EQ(decode("\n\n \0\0{}\n\n"s).texts, std::vector<std::string>{"{}"});
    EXPECT_FALSE(decode("  \n").inside);
}

TEST(Decoder, HalfAMessageIsSeenAsSuch) {
    EXPECT_TRUE(decode("{}\n{\"a\"").inside);
    EXPECT_TRUE(decode("{}").inside);  // complete, but its end has not come
}

TEST(Decoder, GarbageIsRefusedAtItsFirstByte) {
    for (const std::string& bytes :
         {"GET / HTTP/1.1\r\n"s, "hello\n"s, "[1]\0"s, "\x16\x03\x01"s, "\"{}\"\n"s}) {
        EXPECT_NE(decode(bytes).problem, "") << bytes;
    }
}

TEST(Decoder, GarbageAfterAMessageDoesNotSpoilTheMessage) {
    const Outcome outcome = decode("{}\nhello");
    EXPECT_EQ(outcome.texts, std::vector<std::string>{"{}"});
    EXPECT_NE(outcome.problem, "");
}

TEST(Decoder, WhatFollowsACompleteObjectIsRefused) {
    EXPECT_NE(decode("{}{}\n").problem, "");
    EXPECT_NE(decode("{} x\n").problem, "");
}

TEST(Decoder, NulInsideTheObjectIsRefused) {
    EXPECT_NE(decode("{\"a\":\0"s).problem, "");
    EXPECT_NE(decode("{\"a\0b\":1}\0"s).problem, "");
}

TEST(Decoder, DepthIsLimitedWhileReading) {
    const auto nested = [](size_t depth) {
        return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}\n";
    };
    EXPECT_EQ(decode(nested(kMaxJsonDepth)).problem, "");
    EXPECT_NE(decode(nested(kMaxJsonDepth + 1)).problem.find("deeper than 32"), std::string::npos);
}

TEST(Decoder, SizeIsLimitedToOneMebibyte) {
    const auto of_size = [](size_t size) { return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}"; };
    const std::string largest = of_size(kMaxMessageBytes);
    ASSERT_EQ(largest.size(), kMaxMessageBytes);
    EXPECT_EQ(decode_in_pieces(largest + "\n", 65536).texts.size(), 1u);
    EXPECT_NE(decode_in_pieces(of_size(kMaxMessageBytes + 1) + "\n", 65536)
                  .problem.find("larger than 1048576 bytes"),
              std::string::npos);
    EXPECT_NE(decode_in_pieces("{" + std::string(2 * kMaxMessageBytes, ' '), 65536).problem, "");
}

TEST(Decoder, ALowerLimitCanBeSet) {
    Decoder decoder(4);
    decoder.feed("{  }\n{   }\n");
    EXPECT_TRUE(decoder.next().value());
    EXPECT_FALSE(decoder.next().ok());
}

TEST(Decoder, ABrokenStreamStaysBroken) {
    Decoder decoder;
    decoder.feed("x");
    ASSERT_FALSE(decoder.next().ok());
    decoder.feed("{}\n");
    EXPECT_FALSE(decoder.next().ok());
}

}  // namespace
}  // namespace yard::varlink
