// Lists of options and keys in man(7).
#include "ctl/command_table.h"
#include "engine/options.h"
#include "packaging/documents/keys.h"
#include "packaging/documents/option_text.h"
#include "packaging/documents/sections.h"

namespace yard::documents {
namespace {

// Literal text: nothing in it is a request, and a minus or a quote can be copied to a terminal.
std::string roff(std::string_view text) {
    std::string escaped;
    if (text.starts_with('.')) escaped = "\\&";
    for (const char c : text) {
        if (c == '-') {
            escaped += "\\-";
        } else if (c == '\\') {
            escaped += "\\e";
        } else if (c == '~') {
            escaped += "\\(ti";
        } else if (c == '^') {
            escaped += "\\(ha";
        } else if (c == '\'') {
            escaped += "\\(aq";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string item(const std::string& title, const std::string& text) {
    return ".TP\n" + title + "\n" + text + "\n";
}

std::string bold(std::string_view text) {
    return "\\fB" + roff(text) + "\\fR";
}
std::string italic(std::string_view text) {
    return "\\fI" + roff(text) + "\\fR";
}

std::string option_item(const ctl::Option& option, const std::string& spelling) {
    if (option.is_positional()) return item(italic(spelling), roff(option.help));
    const OptionNames names = names_of(spelling);
    std::string title = names.short_name.empty() ? "" : bold(names.short_name) + ", ";
    title += bold(names.long_name);
    if (!option.value.empty()) title += " " + italic(option.value);
    return item(title, roff(option.help) + ".");
}

std::string synopsis(const ctl::Command& command) {
    std::string text = bold("ctl " + std::string(command.name));
    for (const ctl::Option& option : command.options) {
        if (!option.is_positional()) continue;
        const std::string word = italic(option.usage("")) + (option.is_list() ? "\\&..." : "");
        text += option.required ? " " + word : " [" + word + "]";
    }
    return text;
}

std::string key_item(const Key& key) {
    std::string text = roff(key.doc) + "\nA value is " + roff(key.shape.expected) + ".";
    if (!key.fallback.empty()) text += "\nDefault: " + bold(key.fallback) + ".";
    if (!key.example.empty()) text += "\nExample: " + bold(key.example) + ".";
    if (key.effect) text += "\nA change is in force " + std::string(effect_word(*key.effect)) + ".";
    return item(bold(key.path), text);
}

}  // namespace

std::string man_commands() {
    std::string text;
    std::string_view group;
    for (const ctl::Command& command : ctl::commands()) {
        if (command.group != group) text += ".SS " + std::string(command.group) + "\n";
        group = command.group;
        text += item(synopsis(command), roff(command.summary) + ".");
        text += ".RS\n";
        for (const ctl::Option& option : command.options)
            text += option_item(option, std::string(option.spelling));
        if (!command.examples.empty()) text += ".PP\nExamples:\n";
        for (const ctl::Example& example : command.examples)
            text += item(bold(example.words), roff(example.does) + ".");
        text += ".RE\n";
    }
    return text;
}

std::string man_global_options() {
    std::string text;
    for (const auto options : {ctl::global_options(), ctl::leading_options()}) {
        for (const ctl::Option& option : options) text += option_item(option, std::string(option.spelling));
    }
    return text;
}

std::string man_daemon_options() {
    std::string text;
    for (const UsageLine& line : usage_lines(engine::kUsage)) {
        const OptionNames names = names_of(line.spelling);
        std::string title = names.short_name.empty() ? "" : bold(names.short_name) + ", ";
        title += bold(names.long_name);
        if (!names.value.empty()) title += " " + italic(names.value);
        text += item(title, roff(line.help) + ".");
    }
    return text;
}

std::string man_keys() {
    std::string text;
    for (const Chapter& chapter : chapters()) {
        text += ".SS " + (chapter.where.empty() ? std::string("The file") : roff(chapter.where)) + "\n";
        text += roff(chapter.doc) + "\n";
        for (const Key& key : chapter.keys) text += key_item(key);
    }
    return text;
}

}  // namespace yard::documents
