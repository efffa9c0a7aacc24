// What completion knows of ctl: commands, options, and what their values are. The value of an option and the name of
// a positional argument say what they hold: NAME a service, STATE, SIGNAL, FILE ...
#include <algorithm>
#include <utility>

#include "base/signal_number.h"
#include "ctl/command_table.h"
#include "ctl/commands.h"
#include "packaging/documents/option_text.h"
#include "packaging/documents/sections.h"

namespace yard::documents {
namespace {

// In single quotes for a POSIX shell.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// In single quotes for fish, which knows \' and \\ inside of them.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names = ctl::first_words();
    names.emplace_back("help");
    return names;
}

// "queue", "pipe" ...: first words of several commands.
std::vector<std::string> families() {
    std::vector<std::string> names;
    for (const std::string& word : ctl::first_words()) {
        if (!ctl::words_behind(word).empty()) names.push_back(word);
    }
    return names;
}

// The word of an argument -> the kind of objects it names; empty: not one of them.
std::string_view object_kind(std::string_view word) {
    constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
        {"OBJECT", "[a-z]*"},       {"QUEUE", "queue"}, {"PIPE", "pipe"},  {"SHM", "shm"},
        {"SEMAPHORE", "semaphore"}, {"LOCK", "lock"},   {"EVENT", "event"}};
    for (const auto& [name, kind] : kKinds) {
        if (name == word) return kind;
    }
    return {};
}

std::vector<std::string> states() {
    const auto all = ctl::service_states();
    return {all.begin(), all.end()};
}

std::vector<std::string> signals() {
    std::vector<std::string> names;
    for (const SignalName& signal : all_signals()) names.push_back(signal.name.substr(3));
    return names;
}

struct CompletedOption {
    const ctl::Option* option;
    std::string spelling;
};

// Of a command, its own and those that every command takes.
std::vector<CompletedOption> options_of(const ctl::Command& command) {
    std::vector<CompletedOption> all;
    for (const ctl::Option& option : command.options) {
        if (!option.is_positional()) all.push_back({&option, std::string(option.spelling)});
    }
    for (const ctl::Option& option : ctl::global_options())
        all.push_back({&option, ctl::spelling_within(command, option)});
    return all;
}

std::vector<CompletedOption> options_before() {
    std::vector<CompletedOption> all;
    for (const auto options : {ctl::global_options(), ctl::leading_options()}) {
        for (const ctl::Option& option : options) all.push_back({&option, std::string(option.spelling)});
    }
    return all;
}

// What stands behind a list is not known before the line is whole.
std::vector<const ctl::Option*> positionals_of(const ctl::Command& command) {
    std::vector<const ctl::Option*> all;
    for (const ctl::Option& option : command.options) {
        if (option.is_positional()) all.push_back(&option);
        if (option.is_positional() && option.is_list()) break;
    }
    return all;
}

// ---- bash

void bash_options(const std::string& command, const std::vector<CompletedOption>& options, std::string& names,
                  std::string& values) {
    std::vector<std::string> words;
    for (const auto& [option, spelling] : options) {
        const OptionNames name = names_of(spelling);
        for (const std::string& one : {name.short_name, name.long_name}) {
            if (one.empty()) continue;
            words.push_back(one);
            if (!option->value.empty())
                values += "    [" + quoted(command + " " + one) + "]=" + std::string(option->value) + "\n";
        }
    }
    names += "    [" + quoted(command) + "]=" + quoted(joined(words)) + "\n";
}

// ---- zsh

std::string quoted_kind(std::string_view word) {
    return "\"" + std::string(object_kind(word)) + "\"";
}

// What _arguments does for a value of this kind.
std::string zsh_action(std::string_view kind) {
    if (kind == "NAME") return "_ctl_services";
    if (kind == "KIND") return "(queue semaphore lock event shm pipe)";
    if (kind == "COMMAND") return "_command_names -e";
    if (!object_kind(kind).empty())
        return " _ctl_objects " + quoted_kind(kind);  // the blank: called as it stands
    if (kind == "STATE") return "(" + joined(states()) + ")";
    if (kind == "SIGNAL") return "(" + joined(signals()) + ")";
    if (kind == "FILE" || kind == "SOCKET") return "_files";
    return " ";
}

std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_option(const CompletedOption& one) {
    const OptionNames names = names_of(one.spelling);
    std::string tail = "[" + zsh_text(one.option->help) + "]";
    if (!one.option->value.empty())
        tail += ":" + std::string(one.option->value) + ":" + zsh_action(one.option->value);
    if (names.short_name.empty()) return "        " + quoted(names.long_name + tail) + " \\\n";
    return "        " + quoted("(" + names.short_name + " " + names.long_name + ")") + "{" +
           names.short_name + "," + names.long_name + "}" + quoted(tail) + " \\\n";
}

std::string zsh_function(const std::string& name, const std::vector<CompletedOption>& options,
                         const ctl::Command* command) {
    std::string text = name + "() {\n    _arguments -s \\\n";
    for (const CompletedOption& one : options) text += zsh_option(one);
    if (command != nullptr) {
        for (const ctl::Option* option : positionals_of(*command)) {
            text += "        " +
                    quoted((option->is_list() ? "*:" : ":") + std::string(option->spelling) + ":" +
                           zsh_action(option->spelling)) +
                    " \\\n";
        }
    }
    text.erase(text.size() - 3);
    return text + "\n}\n";
}

// "_ctl_queue_put"
std::string zsh_name(std::string_view command) {
    std::string name = "_ctl_" + std::string(command);
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

std::string zsh_family(const std::string& family) {
    return zsh_name(family) + "() {\n    _ctl_second_word " + family + " " +
           joined(ctl::words_behind(family)) + "\n}\n";
}

// ---- fish

std::string fish_values(std::string_view kind) {
    if (kind == "NAME") return " -x -a '(__ctl_services)'";
    if (kind == "KIND") return " -x -a 'queue semaphore lock event shm pipe'";
    if (!object_kind(kind).empty())
        return " -x -a " + fish_quoted("(__ctl_objects " + quoted_kind(kind) + ")");
    if (kind == "STATE") return " -x -a " + fish_quoted(joined(states()));
    if (kind == "SIGNAL") return " -x -a " + fish_quoted(joined(signals()));
    if (kind == "FILE" || kind == "SOCKET") return " -r -F";
    return " -x";
}

// A command's name as one argument.
std::string fish_word(const std::string& name) {
    return name.find(' ') == std::string::npos ? name : "\"" + name + "\"";
}

std::string fish_option(const std::string& condition, const CompletedOption& one) {
    const OptionNames names = names_of(one.spelling);
    std::string text = "complete -c ctl -n " + fish_quoted(condition);
    if (!names.short_name.empty()) text += " -s " + names.short_name.substr(1);
    text += " -l " + names.long_name.substr(2);
    if (!one.option->value.empty()) text += fish_values(one.option->value);
    return text + " -d " + fish_quoted(one.option->help) + "\n";
}

}  // namespace

std::string bash_tables() {
    std::string names, values, positionals;
    bash_options("ctl", options_before(), names, values);
    for (const ctl::Command& command : ctl::commands()) {
        const std::string name(command.name);
        bash_options(name, options_of(command), names, values);
        std::vector<std::string> words;
        for (const ctl::Option* option : positionals_of(command))
            words.push_back(std::string(option->spelling) + (option->is_list() ? "..." : ""));
        positionals += "    [" + quoted(name) + "]=" + quoted(joined(words)) + "\n";
    }
    std::string behind;
    for (const std::string& family : families())
        behind += "    [" + family + "]=" + quoted(joined(ctl::words_behind(family))) + "\n";
    return "_ctl_commands=" + quoted(joined(command_names())) + "\ndeclare -gA _ctl_families=(\n" + behind +
           ")" + "\n_ctl_states=" + quoted(joined(states())) + "\n_ctl_signals=" + quoted(joined(signals())) +
           "\ndeclare -gA _ctl_options=(\n" + names + ")\ndeclare -gA _ctl_values=(\n" + values +
           ")\ndeclare -gA _ctl_positionals=(\n" + positionals + ")\n";
}

std::string zsh_functions() {
    std::string text = "_ctl_commands() {\n    local -a commands=(\n";
    for (const ctl::Command& command : ctl::commands()) {
        if (ctl::family_of(command).empty())
            text += "        " + quoted(std::string(command.name) + ":" + zsh_text(command.summary)) + "\n";
    }
    for (const std::string& family : families())
        text += "        " + quoted(family + ":" + joined(ctl::words_behind(family))) + "\n";
    text += "        'help:explain a command'\n    )\n    _describe command commands\n}\n";
    for (const ctl::Command& command : ctl::commands())
        text += zsh_function(zsh_name(command.name), options_of(command), &command);
    for (const std::string& family : families()) text += zsh_family(family);
    return text;
}

std::string fish_lines() {
    std::string text = "complete -c ctl -n __ctl_needs_command -a help -d 'explain a command'\n";
    text += "complete -c ctl -n '__ctl_command_is help' -a " + fish_quoted(joined(command_names())) + "\n";
    for (const CompletedOption& one : options_before()) text += fish_option("__ctl_needs_command", one);
    for (const std::string& family : families())
        text += "complete -c ctl -n __ctl_needs_command -a " + family + " -d " +
                fish_quoted(joined(ctl::words_behind(family))) + "\n";
    text += "set -g __ctl_families " + joined(families()) + "\n";
    for (const ctl::Command& command : ctl::commands()) {
        const std::string family(ctl::family_of(command)), name(command.name);
        const std::string inside = "__ctl_command_is " + fish_word(name);
        text += "complete -c ctl -n " +
                (family.empty() ? "__ctl_needs_command" : fish_quoted("__ctl_command_is " + family)) +
                " -a " + name.substr(family.empty() ? 0 : family.size() + 1) + " -d " +
                fish_quoted(command.summary) + "\n";
        for (const CompletedOption& one : options_of(command)) text += fish_option(inside, one);
        for (const ctl::Option& option : command.options) {
            if (option.spelling == "NAME" || option.spelling == "KIND" ||
                !object_kind(option.spelling).empty())
                text += "complete -c ctl -n " + fish_quoted(inside) + fish_values(option.spelling) + "\n";
            if (option.spelling == "COMMAND")
                text += "complete -c ctl -n " + fish_quoted(inside) + " -a '(__fish_complete_command)'\n";
            if (option.spelling == "FILE") text += "complete -c ctl -n " + fish_quoted(inside) + " -F\n";
        }
    }
    return text;
}

}  // namespace yard::documents
