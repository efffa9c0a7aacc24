// The one table of ctl's commands: parsing, help and dispatch all come from its rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ctl/arguments.h"
#include "ctl/outcome.h"

namespace yard::ctl {

struct Context;

// The member of Arguments that an option fills; its type says what the option takes.
using Target =
    std::variant<bool Arguments::*, std::string Arguments::*, std::optional<std::string> Arguments::*,
                 std::vector<std::string> Arguments::*, int64_t Arguments::*,
                 std::optional<int64_t> Arguments::*, std::optional<Milliseconds> Arguments::*>;

struct Option {
    std::string_view spelling;  // "-f,--follow"; without dashes it is positional
    std::string_view value;     // what stands for its value in the help; empty for flags and positionals
    std::string_view help;
    Target target;
    bool required = false;

    bool is_positional() const { return spelling[0] != '-'; }
    // What stands for a positional argument in a usage line: "NAME..", "-- COMMAND..".
    std::string usage(std::string_view dots) const;
    bool is_list() const { return std::holds_alternative<std::vector<std::string> Arguments::*>(target); }
};

struct Example {
    std::string_view words;  // as typed to a shell
    std::string_view does;
};

struct Command {
    std::string_view name;   // of one word, or of two: a family and what is done ("queue put")
    std::string_view group;  // the heading it stands under in the help
    std::string_view summary;
    std::span<const Option>
        options;  // behind a positional list at most one more positional, a required number
    Outcome (*run)(Context&);
    std::span<const Example> examples = {};
};

std::span<const Command> commands();
// Those that work on channel objects; commands() has them too.
std::span<const Command> channel_commands();
// "queue" of "queue put"; empty for a command of one word.
std::string_view family_of(const Command& command);
// The first words of all commands, in their order: commands of one word, and families.
std::vector<std::string> first_words();
// What can stand behind the word, in the order of the table; nothing when it is no family.
std::vector<std::string> words_behind(std::string_view family);
// The options that every command takes, before or after its name.
std::span<const Option> global_options();
// How a global option is spelled after `command`: without its short name where the command has that (`kill
// -s`).
std::string spelling_within(const Command& command, const Option& global);
// Those that make sense only before a command.
std::span<const Option> leading_options();

// Nothing when there is no such command.
const Command* find_command(std::string_view name);

}  // namespace yard::ctl
