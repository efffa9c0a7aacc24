// The file `audit.log`: one JSON line each for every call that changes something and every one that is refused, mode
// 0600, in a folder that is made with the first line. It is rotated to audit.log.1 .. audit.log.4 by size. What a full
// disk does not take is left out, and the next line that it takes is preceded by one that says how many were lost.
// Of refusals a minute has its share, and the others are counted in the same way: who may do nothing at all must not be
// able to push what others did out of the files.
//
// Threads: the loop's only. A line is in the hands of the kernel when record() returns.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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
    static constexpr uint32_t kRefusalsAMinute = 20;
    // Longer parameters, and longer details of an error, are cut.
    static constexpr size_t kMaxObjectBytes = 512;

    // `clock` must outlive it. `on_problem` hears why lines are lost, once an episode.
    AuditLog(std::string path, const Clock& clock, std::function<void(const std::string&)> on_problem,
             uint64_t max_bytes = kMaxBytes);

    void record(const control::AuditEntry& entry) override;
    // The next line goes into the file that has the name then.
    void reopen() { file_.reset(); }

  private:
    bool has_room_for_refusal();
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
    std::optional<BootTime> minute_;  // when the one of the refusals began
    uint32_t refusals_ = 0;           // in it
    uint64_t refusals_left_out_ = 0;  // and on no line yet
};

}  // namespace yard::engine
