// The FIFO that takes a process's standard output and error.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace yard::engine {

// Makes it if it is not there. The descriptor is O_RDWR, non-blocking, close-on-exec. The FIFO is `owner`'s, so that
// a program may open /dev/stdout again.
Result<UniqueFd> open_output_fifo(const std::string& path, uid_t owner);

}  // namespace yard::engine
