#include "engine/host/file_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.h"

namespace yard::engine {

Result<std::string> read_file_text(const std::string& path, size_t limit) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail(system_error("open", path));
    std::string text;
    char buffer[4096];
    while (text.size() < limit) {
        const ssize_t got = read(file.get(), buffer, std::min(sizeof buffer, limit - text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("read", path));
        if (got == 0) break;
        text.append(buffer, static_cast<size_t>(got));
    }
    return text;
}

}  // namespace yard::engine
