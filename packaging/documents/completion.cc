// What completion knows of ctl: commands, options, and what their values are. The value of an option and the name of
// a positional argument say what they hold: NAME a service, STATE, SIGNAL, FILE ...
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
    std::vector<std::string> names;
    for (const ctl::Command& command : ctl::commands()) names.emplace_back(command.name);
    names.emplace_back("help");
    return names;
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

// What _arguments does for a value of this kind.
std::string zsh_action(std::string_view kind) {
    if (kind == "NAME") return "_ctl_services";
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

// ---- fish

std::string fish_values(std::string_view kind) {
    if (kind == "NAME") return " -x -a '(__ctl_services)'";
    if (kind == "STATE") return " -x -a " + fish_quoted(joined(states()));
    if (kind == "SIGNAL") return " -x -a " + fish_quoted(joined(signals()));
    if (kind == "FILE" || kind == "SOCKET") return " -r -F";
    return " -x";
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
        positionals += "    [" + name + "]=" + quoted(joined(words)) + "\n";
    }
    return "_ctl_commands=" + quoted(joined(command_names())) + "\n_ctl_states=" + quoted(joined(states())) +
           "\n_ctl_signals=" + quoted(joined(signals())) + "\ndeclare -gA _ctl_options=(\n" + names +
           ")\ndeclare -gA _ctl_values=(\n" + values + ")\ndeclare -gA _ctl_positionals=(\n" + positionals +
           ")\n";
}

std::string zsh_functions() {
    std::string text = "_ctl_commands() {\n    local -a commands=(\n";
    for (const ctl::Command& command : ctl::commands())
        text += "        " + quoted(std::string(command.name) + ":" + zsh_text(command.summary)) + "\n";
    text += "        'help:explain a command'\n    )\n    _describe command commands\n}\n";
    for (const ctl::Command& command : ctl::commands())
        text += zsh_function("_ctl_" + std::string(command.name), options_of(command), &command);
    return text;
}

std::string fish_lines() {
    std::string text = "complete -c ctl -n __ctl_needs_command -a help -d 'explain a command'\n";
    text += "complete -c ctl -n '__ctl_command_is help' -a " + fish_quoted(joined(command_names())) + "\n";
    for (const CompletedOption& one : options_before()) text += fish_option("__ctl_needs_command", one);
    for (const ctl::Command& command : ctl::commands()) {
        const std::string name(command.name), inside = "__ctl_command_is " + name;
        text += "complete -c ctl -n __ctl_needs_command -a " + name + " -d " + fish_quoted(command.summary) +
                "\n";
        for (const CompletedOption& one : options_of(command)) text += fish_option(inside, one);
        for (const ctl::Option& option : command.options) {
            if (option.spelling == "NAME")
                text += "complete -c ctl -n " + fish_quoted(inside) + " -a '(__ctl_services)'\n";
            if (option.spelling == "FILE") text += "complete -c ctl -n " + fish_quoted(inside) + " -F\n";
        }
    }
    return text;
}

}  // namespace yard::documents
