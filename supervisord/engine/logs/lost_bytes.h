// What a dropping policy (`drop_oldest`, `drop_newest`) left out since the log last moved, and the line that
// says so in the log at the place where it is missing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace yard::engine::logs {

class LostBytes {
  public:
    void add(std::string_view bytes) {
        bytes_ += bytes.size();
        lines_ += lines_in(bytes);
    }
    bool any() const { return bytes_ > 0; }

    // `mid_line`: it follows text without a newline.
    std::string marker(bool mid_line) const {
        return (mid_line ? "\n" : "") + std::string("[yardmaster: ") + std::to_string(bytes_) + " bytes (" +
               std::to_string(lines_) + " lines) dropped here, the log could not keep up]\n";
    }

    static uint64_t lines_in(std::string_view bytes) {
        return static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    }

  private:
    uint64_t bytes_ = 0;
    uint64_t lines_ = 0;
};

}  // namespace yard::engine::logs
