#include "ctl/help.h"

#include <algorithm>

namespace yard::ctl {
namespace {

std::string padded(std::string text, size_t width) {
    text.resize(std::max(width, text.size() + 2), ' ');
    return text;
}

std::string option_line(std::string spelling, const Option& option) {
    if (const size_t comma = spelling.find(','); comma != std::string::npos) spelling.insert(comma + 1, " ");
    if (!option.value.empty()) spelling += " " + std::string(option.value);
    return "  " + padded(spelling, 24) + std::string(option.help) + "\n";
}

std::string positionals(const Command& command) {
    std::string text;
    for (const Option& option : command.options) {
        if (!option.is_positional()) continue;
        const std::string word = option.usage("..");
        text += option.required ? " " + word : " [" + word + "]";
    }
    return text;
}

std::string option_lines(std::span<const Option> options) {
    std::string text;
    for (const Option& option : options) text += option_line(std::string(option.spelling), option);
    return text;
}

std::string summary_line(const Command& command) {
    return "  " + padded(std::string(command.name) + positionals(command), 24) +
           std::string(command.summary) + "\n";
}

}  // namespace

std::string general_help() {
    std::string text = "usage: ctl [-s SOCKET] [--json] COMMAND ...\n";
    std::string_view group;
    for (const Command& command : commands()) {
        if (command.group != group) text += "\n" + std::string(command.group) + ":\n";
        group = command.group;
        text += summary_line(command);
    }
    text += "\nOptions:\n" + option_lines(global_options()) + option_lines(leading_options());
    text += "\n\"ctl help COMMAND\" explains a command.\n";
    text +=
        "Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 no such name, 5 timed out, 6 not permitted, "
        "7 daemon not reachable.\n";
    return text;
}

std::string family_help(std::string_view family) {
    std::string text = "usage: ctl " + std::string(family) + " COMMAND ...\n\n";
    for (const Command& command : commands()) {
        if (family_of(command) == family) text += summary_line(command);
    }
    return text + "\n\"ctl help " + std::string(family) + " COMMAND\" explains one.\n";
}

std::string command_help(const Command& command) {
    std::string text = "usage: ctl " + std::string(command.name) + positionals(command);
    text.insert(std::min(text.find(" -- "), text.size()), " [options]");  // what is behind the -- is not ours
    text += "\n";
    text += std::string(command.summary) + "\n\n";
    text += option_lines(command.options);
    for (const Option& option : global_options())
        text += option_line(spelling_within(command, option), option);
    if (!command.examples.empty()) text += "\nExamples:\n";
    for (const Example& example : command.examples) {
        text += "  " + std::string(example.words) + "\n      " + std::string(example.does) + "\n";
    }
    return text;
}

}  // namespace yard::ctl
