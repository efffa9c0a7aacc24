// The names of one log on disk. `k` counts backwards from the live file:
//
//   api.log        live             .api.log.idx     its time index (raw logs only, see time_index.h)
//   api.log.1      the one before   .api.log.1.idx
//   api.log.2.zst  compressed       .api.log.2.idx
//   api.log.new    becomes the live file in a rotation; api.log.tmp is a compression that runs. Both are
//   scrap after a kill.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conf/config.h"

namespace yard::engine::logs {

using Compression = conf::LogPolicy::Compress;

class LogNames {
  public:
    explicit LogNames(std::string live) : live_(std::move(live)) {}

    const std::string& live() const { return live_; }

    // What exists on disk under the number k, the compressed form first (it is complete whenever it exists).
    struct Found {
        std::string path;
        Compression compression;
    };
    std::optional<Found> find(uint32_t k) const;

    std::string plain(uint32_t k) const { return k == 0 ? live_ : live_ + "." + std::to_string(k); }
    std::string compressed(uint32_t k, Compression compression) const;
    std::string index(uint32_t k) const;
    std::string fresh() const { return live_ + ".new"; }
    std::string scrap() const { return live_ + ".tmp"; }

  private:
    std::string live_;
};

bool file_exists(const std::string& path);

}  // namespace yard::engine::logs
