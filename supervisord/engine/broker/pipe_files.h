// The FIFOs of pipes: files in a folder of the runtime directory that any program can open.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace yard::engine {

class PipeFiles {
  public:
    explicit PipeFiles(std::string folder) : folder_(std::move(folder)) {}

    // "app/jobs" lies in the file "app+jobs".
    std::string path(std::string_view name) const;
    // Makes it, or takes over what an earlier daemon left under the name with the bytes in it. The descriptor is open
    // for both directions: while anyone holds it, neither side sees an end.
    Result<UniqueFd> open(std::string_view name, uid_t uid, gid_t gid, uint32_t mode) const;
    Status give(const UniqueFd& fifo, std::string_view name, uid_t uid, gid_t gid, uint32_t mode) const;
    void remove(std::string_view name) const;
    // Whatever lies there under other names was left by a daemon that is gone.
    void remove_all_but(const std::set<std::string>& names) const;

  private:
    const std::string folder_;
};

}  // namespace yard::engine
