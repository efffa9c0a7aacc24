#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "ctl/framing.h"

namespace yard::ctl {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

// What a reader makes of these bytes; the sentence of its trouble at the end, if it has any.
std::vector<std::string> messages(const std::string& bytes, Framing framing) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    UniqueFd out(ends[0]), in(ends[1]);
    EXPECT_EQ(write(in.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    in.reset();
    MessageReader reader(out.get(), framing);
    std::vector<std::string> all;
    for (;;) {
        auto message = reader.next();
        if (!message) all.push_back(message.error().sentence);
        if (!message || !*message) return all;
        all.push_back(**message);
    }
}

TEST(Framing, TheWholeInputIsOneMessageEvenAnEmptyOne) {
    EXPECT_THAT(messages("a\nb\0"s, Framing::whole), ElementsAre("a\nb\0"s));
    EXPECT_THAT(messages("", Framing::whole), ElementsAre(""));
}

TEST(Framing, LinesMayBeEmptyAndTheLastOneUnfinished) {
    EXPECT_THAT(messages("a\n\nb", Framing::lines), ElementsAre("a", "", "b"));
    EXPECT_THAT(messages("a\n", Framing::lines), ElementsAre("a"));
    EXPECT_THAT(messages("", Framing::lines), ElementsAre());
    EXPECT_THAT(messages("a\nb\0c"s, Framing::nulls), ElementsAre("a\nb", "c"));
}

TEST(Framing, LengthsSayHowMuchFollows) {
    EXPECT_THAT(messages("\0\0\0\2\n\0\0\0\0\0"s, Framing::lengths), ElementsAre("\n\0"s, ""));
    EXPECT_THAT(messages("\0\0\0\5abc"s, Framing::lengths),
                ElementsAre("standard input ended in the middle of a message"));
    EXPECT_THAT(messages("\xff\0\0\0"s, Framing::lengths).size(), 1u);
}

TEST(Framing, WhatIsWrittenIsReadAgain) {
    for (const Framing framing : {Framing::lines, Framing::nulls, Framing::lengths}) {
        std::string bytes;
        for (const std::string& each : {"one"s, ""s, std::string(300, 'x')}) bytes += framed(each, framing);
        EXPECT_THAT(messages(bytes, framing), ElementsAre("one", "", std::string(300, 'x')));
    }
    EXPECT_EQ(framed("a\0b"s, Framing::whole), "a\0b"s);
}

TEST(Framing, BytesAsBase64) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("\xff\0\xfe\x80"s), "/wD+gA==");
}

TEST(Framing, OneAtMostIsChosen) {
    Arguments args;
    EXPECT_EQ(*framing_of(args), Framing::whole);
    args.by_null = true;
    EXPECT_EQ(*framing_of(args), Framing::nulls);
    args.by_line = true;
    EXPECT_EQ(framing_of(args).error().code, ExitCode::usage);
}

}  // namespace
}  // namespace yard::ctl
