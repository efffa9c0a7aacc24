// gzip and zstd files, whole ones, in bounded memory. For worker threads.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/logs/log_chain.h"

namespace yard::engine::logs {

// Compresses all of `from` (from its current offset) into `to`.
Status compress_file(int from, int to, Compression compression);
// The other way; fails on what is no such file or is cut short.
Status decompress_file(int from, int to, Compression compression);

// Compresses the rotated files of the chain that are not yet, oldest first. A kill at any moment leaves
// either form whole.
Status compress_rotated(LogChain& chain);

}  // namespace yard::engine::logs
