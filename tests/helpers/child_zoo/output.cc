// What it writes, countable to the byte.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "zoo.h"

namespace zoo {
namespace {

void write_all(const char* data, size_t size) {
    while (size > 0) {
        const ssize_t written = write(STDOUT_FILENO, data, size);
        if (written < 0) fail("standard output");
        data += written;
        size -= static_cast<size_t>(written);
    }
}

}  // namespace

void say(Script& script) {
    const std::string line = std::string(script.text()) + "\n";
    write_all(line.data(), line.size());
}

void lines(Script& script) {
    const std::string start = std::string(script.text()) + " " + identity() + " ";
    const long count = script.number();
    const long pause_ms = script.number();
    for (long k = 1; k <= count; ++k) {
        const std::string line = start + std::to_string(k) + "\n";
        write_all(line.data(), line.size());
        if (pause_ms > 0) sleep_ms(pause_ms);
    }
}

void bytes(Script& script) {
    std::string block;
    for (int i = 0; i < 40; ++i) block += std::string(99, static_cast<char>('!' + i)) + "\n";
    size_t left = static_cast<size_t>(script.number());
    while (left > 0) {
        const size_t size = std::min(left, block.size());
        write_all(block.data(), size);
        left -= size;
    }
}

void partial(Script& script) {
    const char* text = script.text();
    write_all(text, std::strlen(text));
}

}  // namespace zoo
