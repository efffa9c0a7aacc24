#include "keeper/text.h"

#include <fcntl.h>
#include <unistd.h>

namespace yard::keeper {

Text& Text::operator<<(const char* text) {
    while (*text != '\0' && size_ + 1 < kRoom) bytes_[size_++] = *text++;
    return *this;
}

Text& Text::operator<<(int32_t number) {
    char digits[12];
    char* at = digits + sizeof digits - 1;
    *at = '\0';
    auto rest = static_cast<uint32_t>(number < 0 ? -number : number);
    do {
        *--at = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) *--at = '-';
    return *this << at;
}

bool read_text(int folder, const char* path, char* text, size_t size) {
    const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0) close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

}  // namespace yard::keeper
