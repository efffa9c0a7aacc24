#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/cli.h"
#include "ctl/help.h"

namespace yard::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

Arguments parsed(const Words& words) {
    const Result<Invocation, Trouble> result = parse_command_line(words);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().sentence);
    return result.ok() ? result->arguments : Arguments{};
}

std::string refused(const Words& words) {
    const Result<Invocation, Trouble> result = parse_command_line(words);
    if (result.ok()) return "accepted";
    EXPECT_EQ(result.error().code, ExitCode::usage);
    return result.error().sentence;
}

TEST(Cli, GlobalOptionsStandBeforeOrAfterTheCommand) {
    for (const Words& words :
         {Words{"--json", "-s", "/x", "status", "a"}, Words{"status", "a", "--json", "-s", "/x"},
          Words{"--socket=/x", "status", "--json", "a"}}) {
        const Arguments args = parsed(words);
        EXPECT_TRUE(args.json);
        EXPECT_EQ(args.socket, "/x");
        EXPECT_THAT(args.names, ElementsAre("a"));
    }
}

TEST(Cli, OfKillTheShortSIsTheSignalAfterItAndTheSocketBeforeIt) {
    const Arguments args = parsed({"-s", "/x", "kill", "-s", "HUP", "web", "--tree"});
    EXPECT_EQ(args.socket, "/x");
    EXPECT_EQ(args.signal, "HUP");
    EXPECT_TRUE(args.tree);
    EXPECT_EQ(parsed({"kill", "web", "--socket", "/y"}).socket, "/y");
}

TEST(Cli, KillTakesSignalsAsKill1Does) {
    for (const char* word : {"-9", "-KILL", "-SIGKILL", "-RTMIN+3"}) {
        const Arguments args = parsed({"kill", word, "web"});
        EXPECT_EQ(args.signal, word + 1);
        EXPECT_THAT(args.names, ElementsAre("web"));
    }
    EXPECT_THAT(parsed({"kill", "--", "-9"}).names, ElementsAre("-9"));
    EXPECT_TRUE(parsed({"kill", "-l"}).list_signals);
}

TEST(Cli, EveryCommandTakesItsOptions) {
    EXPECT_THAT(parsed({"start", "a", "b*", "--no-wait"}).names, ElementsAre("a", "b*"));
    EXPECT_TRUE(parsed({"stop", "--no-wait", "a"}).no_wait);
    EXPECT_FALSE(parsed({"restart", "a"}).no_wait);
    const Arguments wait = parsed({"wait", "a", "--for", "stopped", "--timeout", "1500ms"});
    EXPECT_EQ(wait.state, "stopped");
    EXPECT_EQ(wait.timeout, Milliseconds(1500));
    const Arguments renice = parsed({"renice", "web", "-5"});
    EXPECT_THAT(renice.names, ElementsAre("web"));
    EXPECT_EQ(renice.nice, -5);
    const Arguments several = parsed({"renice", "web", "db*", "5", "--json"});
    EXPECT_THAT(several.names, ElementsAre("web", "db*"));
    EXPECT_EQ(several.nice, 5);
    EXPECT_TRUE(several.json);
    const Arguments logs = parsed({"logs", "-fn", "5", "--since", "10m", "--grep", "[ab]", "x", "y"});
    EXPECT_TRUE(logs.follow);
    EXPECT_EQ(logs.lines, 5);
    EXPECT_EQ(logs.since, std::chrono::minutes(10));
    EXPECT_EQ(logs.grep, "[ab]");
    EXPECT_THAT(logs.names, ElementsAre("x", "y"));
    EXPECT_TRUE(parsed({"events", "-f"}).follow);
    EXPECT_EQ(parsed({"check", "/a.yaml"}).file, "/a.yaml");
    EXPECT_THAT(parsed({"show", "web", "db*"}).names, ElementsAre("web", "db*"));
    EXPECT_TRUE(parsed({"shutdown", "--no-wait"}).no_wait);
    for (const char* command :
         {"status", "ps", "tree", "logs", "events", "check", "ping", "version", "shutdown"})
        parsed({command});
}

TEST(Cli, OptionsThatWereNotGivenStayEmpty) {
    const Arguments args = parsed({"logs", "x"});
    EXPECT_FALSE(args.lines.has_value());
    EXPECT_FALSE(args.since.has_value());
    EXPECT_FALSE(args.json);
    EXPECT_EQ(args.socket, "");
}

TEST(Cli, TheLastOfTwoEqualOptionsCounts) {
    EXPECT_EQ(parsed({"logs", "-n", "5", "-n", "6"}).lines, 6);
}

TEST(Cli, MistypedCommandsAndOptionsGetTheNearestWord) {
    EXPECT_THAT(refused({"stauts"}), HasSubstr("did you mean \"status\"?"));
    EXPECT_THAT(refused({"xyzzy"}), HasSubstr("there is no command \"xyzzy\" (\"ctl help\" explains)"));
    EXPECT_THAT(refused({"start", "a", "--nowait"}), HasSubstr("did you mean --no-wait?"));
    EXPECT_THAT(refused({"--jsn", "status"}), HasSubstr("did you mean --json?"));
    EXPECT_THAT(refused({"help", "strat"}), HasSubstr("did you mean \"start\"?"));
}

TEST(Cli, AnOptionOfAnotherCommandIsUnknown) {
    EXPECT_THAT(refused({"status", "--follow"}), HasSubstr("no option \"--follow\""));
    EXPECT_THAT(refused({"--version", "--follow", "status"}), HasSubstr("accepted"));
}

TEST(Cli, WrongUsesSayWhatIsMissingOrTooMuch) {
    EXPECT_THAT(refused({}), HasSubstr("a command is missing"));
    for (const char* command : {"start", "stop", "restart", "wait", "renice", "show"}) {
        EXPECT_THAT(refused({command}),
                    testing::StartsWith("NAME is missing (\"ctl help " + std::string(command)))
            << command;
    }
    EXPECT_THAT(refused({"renice", "web"}), HasSubstr("N is missing"));
    EXPECT_THAT(refused({"renice", "web", "high"}), HasSubstr("\"high\" is not a whole number"));
    EXPECT_THAT(refused({"ping", "me"}), HasSubstr("\"me\" is one word too many"));
    EXPECT_THAT(refused({"logs", "a", "-n"}), HasSubstr("--lines needs a value"));
    EXPECT_THAT(refused({"logs", "a", "-n", "99999999999999999999"}), HasSubstr("not a whole number"));
    EXPECT_THAT(refused({"wait", "a", "--timeout", "5"}),
                HasSubstr("\"5\" is not a duration such as 500ms, 90s or 10m; did you mean \"5s\"?"));
    EXPECT_THAT(refused({"sem", "run", "a", "--timeout", "0.5s", "--", "true"}),
                HasSubstr("is not a duration"));
    EXPECT_THAT(refused({"-s"}), HasSubstr("--socket needs a value"));
}

TEST(Cli, WordsOfTheUserCannotDriveTheTerminal) {
    EXPECT_THAT(refused({"\x1b[31m"}), HasSubstr("\"^[[31m\""));
}

TEST(Cli, ACommandMayHaveTwoWords) {
    const Arguments put = parsed({"queue", "put", "jobs", "", "--timeout", "1s"});
    EXPECT_EQ(put.name, "jobs");
    EXPECT_EQ(put.data, "");
    EXPECT_FALSE(parsed({"queue", "put", "jobs"}).data.has_value());
    EXPECT_THAT(parsed({"ipc", "create", "queue", "jobs", "capacity=5", "--ephemeral"}).options,
                ElementsAre("capacity=5"));
    EXPECT_THAT(refused({"queue"}), HasSubstr("one of put, get, run"));
    EXPECT_THAT(refused({"queue", "--lines"}), HasSubstr("one of put, get, run"));
    EXPECT_THAT(refused({"queue", "pot"}),
                HasSubstr("did you mean \"queue put\"? (\"ctl help queue\" explains)"));
    EXPECT_THAT(refused({"queu", "put"}), HasSubstr("did you mean \"queue\"?"));
    EXPECT_THAT(refused({"put", "jobs"}), HasSubstr("there is no command \"put\""));
}

TEST(Cli, WhatIsToRunKeepsItsOwnOptions) {
    const Arguments run =
        parsed({"lock", "run", "mutex", "--timeout", "1s", "--", "make", "-j4", "--", "all"});
    EXPECT_EQ(run.name, "mutex");
    EXPECT_THAT(run.command, ElementsAre("make", "-j4", "--", "all"));
    EXPECT_THAT(refused({"lock", "run", "mutex"}), HasSubstr("COMMAND is missing"));
}

TEST(Cli, HelpIsThereForAFamilyToo) {
    for (const Words& words : {Words{"help", "queue"}, Words{"queue", "--help"}, Words{"queue", "-h"}}) {
        const Result<Invocation, Trouble> result = parse_command_line(words);
        ASSERT_TRUE(result.ok());
        EXPECT_TRUE(result->arguments.help);
        EXPECT_EQ(result->family, "queue");
        EXPECT_EQ(result->command, nullptr);
    }
    EXPECT_EQ(parse_command_line({"help", "queue", "put"})->command, find_command("queue put"));
    EXPECT_THAT(family_help("queue"), HasSubstr("\n  queue run QUEUE -- COMMAND.."));
}

TEST(Cli, HelpWinsOverWhatIsMissing) {
    for (const Words& words :
         {Words{"start", "--help"}, Words{"help", "start"}, Words{"start", "-h", "--nonsense"}}) {
        const Result<Invocation, Trouble> result = parse_command_line(words);
        ASSERT_TRUE(result.ok());
        EXPECT_TRUE(result->arguments.help);
        EXPECT_EQ(result->command->name, "start");
    }
    EXPECT_EQ(parse_command_line({"--help"})->command, nullptr);
    for (const Words& words : {Words{"help"}, Words{"help", "--help"}, Words{"help", "-h"}}) {
        const Result<Invocation, Trouble> result = parse_command_line(words);
        ASSERT_TRUE(result.ok());
        EXPECT_TRUE(result->arguments.help);
        EXPECT_EQ(result->command, nullptr);
    }
    EXPECT_TRUE(parsed({"--version"}).version);
}

TEST(Help, ListsEveryCommandOnceAndExplainsItsOptions) {
    const std::string general = general_help();
    for (const Command& command : commands()) {
        EXPECT_THAT(general, HasSubstr("\n  " + std::string(command.name)));
        const std::string text = command_help(command);
        for (const Option& option : command.options)
            EXPECT_THAT(text, HasSubstr(std::string(option.help))) << command.name;
    }
    EXPECT_THAT(command_help(*find_command("wait")),
                testing::StartsWith("usage: ctl wait NAME.. [options]\n"));
    EXPECT_THAT(command_help(*find_command("renice")),
                testing::StartsWith("usage: ctl renice NAME.. N [options]\n"));
    EXPECT_THAT(command_help(*find_command("lock run")),
                HasSubstr("usage: ctl lock run LOCK [options] -- COMMAND..\n"));
    EXPECT_THAT(command_help(*find_command("check")),
                testing::StartsWith("usage: ctl check [FILE] [options]\n"));
}

// As a shell would, up to the first operator: words, quotes, no expansion.
Words shell_words(std::string_view text) {
    Words words;
    std::string word;
    char quote = 0;
    for (const char c : std::string(text) + " ") {
        if (quote == 0 && (c == '|' || c == '&' || c == '<')) break;
        if (c == '\'') {
            quote = quote == 0 ? c : 0;
        } else if (c != ' ' || quote != 0) {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, ""));
        }
    }
    return words;
}

TEST(Help, EveryCommandHasExamplesThatAreValidUsesOfIt) {
    for (const Command& command : commands()) {
        EXPECT_FALSE(command.examples.empty()) << command.name;
        for (const Example& example : command.examples) {
            Words words = shell_words(example.words);
            ASSERT_EQ(words.at(0), "ctl");
            words.erase(words.begin());
            const Result<Invocation, Trouble> result = parse_command_line(words);
            ASSERT_TRUE(result.ok()) << example.words << ": " << result.error().sentence;
            EXPECT_EQ(result->command, &command) << example.words;
            EXPECT_THAT(command_help(command), HasSubstr("\n  " + std::string(example.words) + "\n"));
        }
    }
}

TEST(Help, NamesAnOptionThatTheCommandShadowsByItsLongName) {
    EXPECT_THAT(command_help(*find_command("kill")), HasSubstr("\n  --socket SOCKET"));
    EXPECT_THAT(command_help(*find_command("stop")), HasSubstr("\n  -s, --socket SOCKET"));
}

}  // namespace
}  // namespace yard::ctl
