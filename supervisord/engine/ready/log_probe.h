// LogProbe: ready when the service writes a line that matches a POSIX extended regular expression.
#pragma once

#include <regex.h>

#include <functional>
#include <memory>
#include <string>

#include "engine/ready/probe.h"

namespace yard::engine {

class LogProbe : public Probe {
  public:
    // Of a longer line only the beginning is looked at.
    static constexpr size_t kMaxLineBytes = 65536;

    static Result<std::unique_ptr<LogProbe>> create(const std::string& pattern,
                                                    std::function<void()> on_ready);
    ~LogProbe() override;

    std::string last_failure() const override;
    void on_line(std::string_view line) override;

  private:
    LogProbe(const std::string& pattern, regex_t compiled, std::function<void()> on_ready);

    std::string pattern_;
    regex_t compiled_;
    std::function<void()> on_ready_;  // empty once called
};

}  // namespace yard::engine
