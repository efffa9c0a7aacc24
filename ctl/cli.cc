#include "ctl/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <type_traits>

#include "base/signal_number.h"
#include "base/text.h"
#include "conf/quantity.h"
#include "ctl/display_text.h"

namespace yard::ctl {
namespace {

using Words = std::vector<std::string>;

Failure<Trouble> wrong_use(std::string sentence, const Command* command, const std::string& family = {}) {
    std::string help = "ctl help";
    if (command)
        help += " " + std::string(command->name);
    else if (!family.empty())
        help += " " + family;
    return trouble(ExitCode::usage, std::move(sentence) + " (\"" + help + "\" explains)");
}

std::string listed(const Words& words) {
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
    return list;
}

template <typename T>
T converted(const std::string& text) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>) {
        return text;
    } else if constexpr (std::is_same_v<T, std::optional<Milliseconds>>) {
        const Result<Milliseconds> duration = conf::parse_duration(text);
        if (duration) return *duration;
        const std::string& proposal = duration.error().message;
        throw CLI::ConversionError("\"" + text + "\" is not a duration such as 500ms, 90s or 10m" +
                                   (proposal.empty() ? "" : "; " + proposal));
    } else {
        const Result<int64_t> number = conf::parse_integer(text);
        if (!number) throw CLI::ConversionError("\"" + text + "\" is not a whole number");
        return *number;
    }
}

void add_option(CLI::App& app, const Option& option, const std::string& spelling, Arguments& arguments) {
    const auto add = [&](auto target) -> CLI::Option* {
        auto& value = arguments.*target;
        using T = std::remove_reference_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
            return app.add_flag(spelling, value);
        } else if constexpr (std::is_same_v<T, Words>) {
            return app.add_option(spelling, value);
        } else {
            const std::function<void(const std::string&)> set = [&value](const std::string& text) {
                value = converted<T>(text);
            };
            return app.add_option_function(spelling, set)->take_last();
        }
    };
    std::visit(add, option.target)->required(option.required);
}

// A positional number behind a list gets the list's last word; CLI11 would leave it none.
void take_last_word(CLI::App& app, const Option& number, const Option& list, Arguments& arguments) {
    app.callback([&number, &list, &arguments] {
        Words& words = arguments.*std::get<Words Arguments::*>(list.target);
        if (words.size() < 2) throw CLI::RequiredError(std::string(number.spelling));
        arguments.*std::get<int64_t Arguments::*>(number.target) = converted<int64_t>(words.back());
        words.pop_back();
    });
}

void add_options(CLI::App& app, std::span<const Option> options, Arguments& arguments) {
    const Option* list = nullptr;
    for (const Option& option : options) {
        if (list != nullptr && option.is_positional()) {
            take_last_word(app, option, *list, arguments);
        } else {
            add_option(app, option, std::string(option.spelling), arguments);
        }
        if (option.is_positional() && option.is_list()) list = &option;
    }
}

std::string nearest_option(const CLI::App& app, const std::string& word) {
    Words long_names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) long_names.push_back("--" + name);
    }
    return nearest_word(word.substr(0, word.find('=')), long_names);
}

Failure<Trouble> unexpected_word(const CLI::App& app, const std::string& word, const Command* command) {
    const std::string quoted = "\"" + neutralised(word) + "\"";
    if (!word.starts_with('-')) return wrong_use(quoted + " is one word too many", command);
    const std::string nearest = nearest_option(app, word);
    return wrong_use(
        "there is no option " + quoted + (nearest.empty() ? "" : "; did you mean " + nearest + "?"), command);
}

std::string explained(const CLI::ParseError& error) {
    const std::string what = error.what();
    const std::string subject = what.substr(0, what.find_first_of(": "));
    if (dynamic_cast<const CLI::RequiredError*>(&error)) return subject + " is missing";
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return subject + " needs a value";
    return what;
}

Result<Unit, Trouble> parse_with(CLI::App& app, Words words, const Command* command) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
        app.parse(words);
        return Unit{};
    } catch (const CLI::ParseError& error) {
        const Words left = app.remaining();
        // "--" is left behind a word that could not be read, and nothing is wrong with it.
        if (!left.empty() && left.front() != "--") return unexpected_word(app, left.front(), command);
        return wrong_use(explained(error), command);
    }
}

Failure<Trouble> unknown_command(const std::string& word, const std::string& family = {}) {
    Words names = family.empty() ? first_words() : words_behind(family);
    if (family.empty()) names.emplace_back("help");
    const std::string nearest = nearest_word(word, names);
    const std::string before = family.empty() ? "" : family + " ";
    return wrong_use("there is no command \"" + before + neutralised(word) + "\"" +
                         (nearest.empty() ? "" : "; did you mean \"" + before + nearest + "\"?"),
                     nullptr, family);
}

// Takes the one or two words of a command off the front; those of a family alone leave `command` empty.
Result<Unit, Trouble> take_command(Words& words, Invocation& invocation) {
    const std::string first = words.front();
    words.erase(words.begin());
    invocation.command = find_command(first);
    if (invocation.command) return Unit{};
    if (words_behind(first).empty()) return unknown_command(first);
    invocation.family = first;
    if (words.empty() || words.front().starts_with('-')) return Unit{};
    invocation.command = find_command(first + " " + words.front());
    if (!invocation.command) return unknown_command(words.front(), first);
    words.erase(words.begin());
    return Unit{};
}

// `kill -9 web` and `kill -HUP web`, as fingers know them from kill(1).
void spell_out_signals(Words& words) {
    for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
        if (words[i].size() < 2 || words[i][0] != '-' || !parse_signal(words[i].substr(1))) continue;
        words[i].erase(0, 1);
        words.insert(words.begin() + static_cast<ptrdiff_t>(i++), "--signal");
    }
}

bool asks_for_help(const Words& words) {
    return !words.empty() && (words.front() == "-h" || words.front() == "--help");
}

Result<Invocation, Trouble> parse_help(Invocation invocation, Words rest) {
    invocation.arguments.help = true;
    if (rest.empty() || asks_for_help(rest)) return invocation;
    if (Result<Unit, Trouble> taken = take_command(rest, invocation); !taken) return trouble(taken.error());
    return invocation;
}

}  // namespace

Result<Invocation, Trouble> parse_command_line(const Words& words) {
    Invocation invocation;
    CLI::App leading;
    leading.set_help_flag();
    leading.prefix_command();  // stops at the command; only that command's options are ever built
    add_options(leading, leading_options(), invocation.arguments);
    add_options(leading, global_options(), invocation.arguments);
    if (Result<Unit, Trouble> parsed = parse_with(leading, words, nullptr); !parsed)
        return trouble(parsed.error());
    Words rest = leading.remaining();
    if (invocation.arguments.help || invocation.arguments.version) return invocation;
    if (rest.empty()) return wrong_use("a command is missing", nullptr);
    if (rest.front().starts_with('-')) return unexpected_word(leading, rest.front(), nullptr);
    if (rest.front() == "help")
        return parse_help(std::move(invocation), {std::next(rest.begin()), rest.end()});

    if (Result<Unit, Trouble> taken = take_command(rest, invocation); !taken) return trouble(taken.error());
    if (!invocation.command) {
        if (asks_for_help(rest)) {
            const Words family = {invocation.family};
            return parse_help(std::move(invocation), family);
        }
        return wrong_use(
            invocation.family + " needs a second word: one of " + listed(words_behind(invocation.family)),
            nullptr, invocation.family);
    }
    if (invocation.command->name == "kill") spell_out_signals(rest);
    CLI::App app;
    app.set_help_flag();
    add_options(app, invocation.command->options, invocation.arguments);
    for (const Option& option : global_options()) {
        add_option(app, option, spelling_within(*invocation.command, option), invocation.arguments);
    }
    Result<Unit, Trouble> parsed = parse_with(app, rest, invocation.command);
    if (!parsed && !invocation.arguments.help) return trouble(parsed.error());
    return invocation;
}

}  // namespace yard::ctl
