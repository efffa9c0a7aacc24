// LineFile: the lines of one file in both directions, in bounded memory.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace yard::engine::logs {

class LineFile {
  public:
    static constexpr size_t kLongestLine = 1 << 20;  // a longer one comes in parts

    LineFile() = default;
    explicit LineFile(UniqueFd file) : file_(std::move(file)) {}

    struct Line {
        uint64_t begin;
        uint64_t end;           // where the next one begins
        bool complete;          // there is a newline, or it is a part of a line that is too long
        std::string_view text;  // without it; valid until the next call
    };
    // The line that begins at `offset`. Nothing at the end of the file.
    std::optional<Line> at(uint64_t offset);
    // The line that ends at `offset`, where another begins or the file ends. Nothing at its beginning.
    std::optional<Line> before(uint64_t offset);

    uint64_t size() const;
    int fd() const { return file_.get(); }

  private:
    // Holds at least what the file has of [begin, end) afterwards, in one piece.
    std::string_view load(uint64_t begin, uint64_t end);

    UniqueFd file_;
    std::string window_;
    uint64_t window_begin_ = 0;
};

}  // namespace yard::engine::logs
