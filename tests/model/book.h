// What happened in one run, and what must not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/channel/queue.h"

namespace yard::model {

// Of messages, each of which is a letter.
class Book {
  public:
    static constexpr unsigned kFibers = 4;

    void clear() { *this = {}; }
    // By the fiber `who`, before and after each operation.
    void begins_put(unsigned who, char letter);
    void ends_put(unsigned who, int result);
    void begins_take(unsigned who) { writers_[who].taking = true; }
    void ends_take(unsigned who, char letter);  // 0: got none

    void was_put_before(char letter) { ++at(letter).put; }
    // What is left in the queue, in order; then tells what is wrong. `killed`: bits of fibers.
    std::string balance(const std::string& left, unsigned killed) const;

  private:
    struct Letter {
        uint8_t put, maybe_put, taken;
        uint8_t writer;  // fiber + 1; 0: it was there before
    };
    struct Writer {
        char putting;
        bool taking;
    };
    // Do these, one writer's each, come in the order in which they were written?
    bool is_in_order(std::string_view letters) const;
    Letter& at(char letter) { return letters_[letter & 31]; }

    Letter letters_[32]{};
    Writer writers_[kFibers]{};
    char order_[kFibers][16]{};
    unsigned taken_[kFibers]{};
};

}  // namespace yard::model
