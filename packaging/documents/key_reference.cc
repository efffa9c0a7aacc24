// The key reference, in Markdown.
#include "packaging/documents/keys.h"
#include "packaging/documents/sections.h"

namespace yard::documents {
namespace {

// In a cell of a table.
std::string cell(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '|') escaped += '\\';
        if (c == '<') escaped += "&lt;";
        if (c != '<') escaped += c;
    }
    return escaped;
}

std::string code(const std::string& text) {
    if (text.empty()) return "";
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    return "`" + escaped + "`";
}

std::string table_row(const Key& key) {
    std::string text = "| " + code(key.path) + " | " + cell(key.shape.expected) + " | " + code(key.fallback);
    if (key.effect) text += " | " + std::string(effect_word(*key.effect));
    text += " | " + cell(key.doc);
    if (!key.example.empty()) text += " Example: " + code(key.example);
    return text + " |\n";
}

std::string table(const Chapter& chapter) {
    const bool effects = chapter.keys.front().effect.has_value();
    std::string text =
        effects ? "| key | value | default | a change is in force | what it is for |\n|---|---|---|---|---|\n"
                : "| key | value | default | what it is for |\n|---|---|---|---|\n";
    for (const Key& key : chapter.keys) text += table_row(key);
    return text;
}

std::string shorthands(const Chapter& chapter) {
    std::string text;
    for (const conf::Section& section : chapter.sections) {
        if (!section.shorthand.empty())
            text += "\n" + code(section.path + ": VALUE") + " is short for " + code(section.shorthand) + ".";
    }
    return text.empty() ? "" : text + "\n";
}

}  // namespace

std::string markdown_keys() {
    std::string text;
    for (const Chapter& chapter : chapters()) {
        text += (text.empty() ? "## " : "\n## ") +
                (chapter.where.empty() ? "The file" : code(chapter.where)) + "\n\n";
        text += chapter.doc + "\n\n" + table(chapter) + shorthands(chapter);
    }
    return text;
}

}  // namespace yard::documents
