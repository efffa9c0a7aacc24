#include "conf/report.h"

#include <cstdio>

#include "base/text.h"

namespace yard::conf {

std::string Diagnostic::text() const {
    std::string place = file;
    if (line > 0) place += ":" + std::to_string(line) + ":" + std::to_string(column);
    return place + ": error: " + message;
}

uint32_t Report::number_of(const std::string& path) {
    const auto [place, added] = numbers_.emplace(path, static_cast<uint32_t>(files_.size()));
    if (added) files_.push_back(path);
    return place->second;
}

void Report::error(Mark mark, std::string message) {
    const auto here = mistakes_.lower_bound({mark, ""});
    const bool taken = mark.line > 0 && here != mistakes_.end() && here->first == mark;
    if (!taken && !full()) mistakes_.emplace(mark, std::move(message));
}

std::string Report::place(Mark mark) const {
    if (mark.line == 0) return files_[mark.file];
    return files_[mark.file] + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

std::vector<Diagnostic> Report::diagnostics() const {
    std::vector<Diagnostic> all;
    for (const auto& [mark, message] : mistakes_) {
        all.push_back(
            {files_[mark.file], static_cast<int>(mark.line), static_cast<int>(mark.column), message});
    }
    if (full()) all.push_back({all.back().file, 0, 0, "too many mistakes; only the first ones are listed"});
    return all;
}

std::string in_quotes(std::string_view word) {
    constexpr size_t kShown = 60;
    std::string text = "\"";
    size_t used = 0;
    for (; used < word.size() && used < kShown; ++used) {
        const auto byte = static_cast<unsigned char>(word[used]);
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\x%02x", byte);
        if (byte == '\n') {
            text += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            text += escape;
        } else {
            text += word[used];
        }
    }
    // Never cut inside a UTF-8 sequence.
    for (; used < word.size() && (static_cast<unsigned char>(word[used]) & 0xc0) == 0x80; ++used)
        text += word[used];
    return text + (used < word.size() ? "...\"" : "\"");
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
    // Far longer than any word of ours: not worth the quadratic comparison.
    if (word.size() > 200) return {};
    const std::string nearest = nearest_word(word, candidates);
    return nearest.empty() ? "" : "did you mean \"" + nearest + "\"?";
}

std::string with_proposal(std::string message, const std::string& proposal) {
    return proposal.empty() ? message : std::move(message) + "; " + proposal;
}

std::string either(const std::vector<std::string>& words) {
    std::string text;
    for (size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace yard::conf
