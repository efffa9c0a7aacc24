// Short texts without the C library's printf, which is half as large as the keeper.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace yard::keeper {

// Built piece by piece; what does not fit is cut off.
class Text {
  public:
    Text& operator<<(const char* text);
    Text& operator<<(int32_t number);

    const char* c_str() const { return bytes_; }
    size_t size() const { return size_; }

  private:
    static constexpr size_t kRoom = 512;
    char bytes_[kRoom]{};
    size_t size_ = 0;
};

// Reads a small file, as /proc and cgroups have them, in one read, up to `size - 1` bytes, and ends them with NUL.
// False, and an empty text, when there are none. `folder` as in openat(2).
bool read_text(int folder, const char* path, char* text, size_t size);

}  // namespace yard::keeper
