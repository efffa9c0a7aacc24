#include "engine/logs/log_names.h"

#include <unistd.h>

namespace yard::engine::logs {

bool file_exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

std::string LogNames::compressed(uint32_t k, Compression compression) const {
    return plain(k) + (compression == Compression::zstd ? ".zst" : ".gz");
}

std::string LogNames::index(uint32_t k) const {
    std::string path = plain(k) + ".idx";
    return path.insert(path.rfind('/') + 1, 1, '.');
}

std::optional<LogNames::Found> LogNames::find(uint32_t k) const {
    if (k > 0) {
        for (const Compression compression : {Compression::gzip, Compression::zstd}) {
            std::string path = compressed(k, compression);
            if (file_exists(path)) return Found{std::move(path), compression};
        }
    }
    if (file_exists(plain(k))) return Found{plain(k), Compression::none};
    return std::nullopt;
}

}  // namespace yard::engine::logs
