// Small files of the kernel (/proc, cgroupfs) as text. Their size is not known beforehand: they are read to
// the end.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace yard::engine {

// The content of the file, at most `limit` bytes of it.
Result<std::string> read_file_text(const std::string& path, size_t limit = 1 << 20);

}  // namespace yard::engine
