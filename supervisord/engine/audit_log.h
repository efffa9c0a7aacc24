// The file `audit.log`: one JSON line each for every call that changes something and every one that is refused, mode
// 0600, in a folder that is made with the first line. It is rotated to audit.log.1 .. audit.log.4 by size. What a full
// disk does not take is left out, and the next line that it takes is preceded by one that says how many were lost.
//
// Threads: the loop's only. A line is in the hands of the kernel when record() returns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/control/audit.h"

namespace yard::engine {

class AuditLog final : public control::AuditTrail {
  public:
    static constexpr uint64_t kMaxBytes = 4 << 20;
    static constexpr int kRotatedFiles = 4;
    // Longer parameters, and longer details of an error, are cut.
    static constexpr size_t kMaxObjectBytes = 512;

    // `clock` must outlive it. `on_problem` hears why lines are lost, once an episode.
    AuditLog(std::string path, const Clock& clock, std::function<void(const std::string&)> on_problem,
             uint64_t max_bytes = kMaxBytes);

    void record(const control::AuditEntry& entry) override;
    // The next line goes into the file that has the name then.
    void reopen() { file_.reset(); }

  private:
    Status append(const std::string& line);
    Status open();
    void rotate();

    const std::string path_;
    const Clock& clock_;
    const std::function<void(const std::string&)> on_problem_;
    const uint64_t max_bytes_;
    UniqueFd file_;  // none: opened by the next line
    uint64_t size_ = 0;
    uint64_t lost_ = 0;
};

}  // namespace yard::engine
