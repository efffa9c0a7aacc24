#include "book.h"

#include <algorithm>
#include <iterator>

namespace yard::model {

void Book::begins_put(unsigned who, char letter) {
    writers_[who].putting = letter;
    at(letter).writer = static_cast<uint8_t>(who + 1);
}

void Book::ends_put(unsigned who, int result) {
    if (result == 0) ++at(writers_[who].putting).put;
    writers_[who].putting = 0;
}

void Book::ends_take(unsigned who, char letter) {
    writers_[who].taking = false;
    if (letter == 0) return;
    ++at(letter).taken;
    order_[who][taken_[who]++] = letter;
}

bool Book::is_in_order(std::string_view letters) const {
    for (size_t i = 0; i < letters.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const bool one_writer = letters_[letters[i] & 31].writer == letters_[letters[j] & 31].writer;
            if (one_writer && letters[j] > letters[i]) return false;
        }
    }
    return true;
}

std::string Book::balance(const std::string& left, unsigned killed) const {
    Letter letters[32];
    std::copy(std::begin(letters_), std::end(letters_), letters);
    unsigned may_vanish = 0;  // with whoever took them for good
    for (unsigned who = 0; who < kFibers; ++who) {
        if (writers_[who].putting != 0) ++letters[writers_[who].putting & 31].maybe_put;
        if ((killed >> who & 1) != 0 && writers_[who].taking) ++may_vanish;
        if (killed == 0 && !is_in_order({order_[who], taken_[who]}))
            return std::string("one fiber took ") + order_[who];
    }
    if (killed == 0 && !is_in_order(left)) return "left in the order " + left;
    for (const char letter : left) ++letters[letter & 31].taken;
    for (unsigned i = 0; i < 32; ++i) {
        const Letter& letter = letters[i];
        const std::string name(1, static_cast<char>('a' + i - 1));
        if (letter.taken > letter.put + letter.maybe_put) return name + " was delivered too often";
        if (letter.taken >= letter.put) continue;
        if (may_vanish-- == 0) return name + " was lost";
    }
    return {};
}

}  // namespace yard::model
