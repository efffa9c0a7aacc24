#include "engine/ready/log_probe.h"

#include <algorithm>
#include <utility>

namespace yard::engine {

Result<std::unique_ptr<LogProbe>> LogProbe::create(const std::string& pattern,
                                                   std::function<void()> on_ready) {
    regex_t compiled;
    if (const int error = regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB); error != 0) {
        char text[128];
        regerror(error, &compiled, text, sizeof text);
        return fail("log \"" + pattern + "\" is no extended regular expression: " + text);
    }
    return std::unique_ptr<LogProbe>(new LogProbe(pattern, compiled, std::move(on_ready)));
}

LogProbe::LogProbe(const std::string& pattern, regex_t compiled, std::function<void()> on_ready)
    : pattern_(pattern), compiled_(compiled), on_ready_(std::move(on_ready)) {}

LogProbe::~LogProbe() {
    regfree(&compiled_);
}

std::string LogProbe::last_failure() const {
    return "log \"" + pattern_ + "\": no line matched";
}

void LogProbe::on_line(std::string_view line) {
    if (!on_ready_) return;
    // REG_STARTEND: the line has no NUL at its end, and may have some inside.
    regmatch_t range{};
    range.rm_eo = static_cast<regoff_t>(std::min(line.size(), kMaxLineBytes));
    if (regexec(&compiled_, line.data(), 0, &range, REG_STARTEND) != 0) return;
    const auto on_ready = std::exchange(on_ready_, nullptr);
    on_ready();
}

}  // namespace yard::engine
