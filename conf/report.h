// The mistakes found during one load, and the names of the files they are in.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/loader.h"
#include "conf/node.h"

namespace yard::conf {

class Report {
  public:
    // A person repairs the first mistakes and tries again: a hostile file shall not cost more than this many.
    static constexpr size_t kMaxMistakes = 1000;

    // The number of a file, for marks in it. Mistakes are listed by file in the order of the first call for
    // each.
    uint32_t number_of(const std::string& path);
    const std::string& file(uint32_t number) const { return files_[number]; }

    // Of several mistakes at one place only the first counts: the others follow from it, or it is a shared
    // anchor that is read once for each alias. Line 0 stands for a whole file and may have many.
    void error(Mark mark, std::string message);
    bool full() const { return mistakes_.size() >= kMaxMistakes; }

    // "yard.yaml:3:5", for sentences that name a second place.
    std::string place(Mark mark) const;

    // In order of file, line and column.
    std::vector<Diagnostic> diagnostics() const;

  private:
    std::vector<std::string> files_;
    std::map<std::string, uint32_t> numbers_;
    std::set<std::pair<Mark, std::string>> mistakes_;
};

// `word` in quotes for a sentence: long text is cut, control characters are shown as escapes.
std::string in_quotes(std::string_view word);

// `did you mean "x"?`, or nothing when no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// "message; proposal", or the message alone.
std::string with_proposal(std::string message, const std::string& proposal);

// "a", "a or b", "a, b or c".
std::string either(const std::vector<std::string>& words);

}  // namespace yard::conf
