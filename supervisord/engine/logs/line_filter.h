// An extended regular expression (POSIX, regcomp(3)) that picks lines.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace yard::engine::logs {

// Thread safety: matches() may be called from any thread, one at a time.
class LineFilter {
  public:
    // Empty: every line. Fails with EINVAL.
    static Result<LineFilter> create(const std::string& expression);
    bool matches(std::string_view line) const;

  private:
    struct Free {
        void operator()(regex_t* regex) const {
            regfree(regex);
            delete regex;
        }
    };
    std::unique_ptr<regex_t, Free> regex_;
};

}  // namespace yard::engine::logs
