#include "engine/logs/line_filter.h"

#include <cerrno>

namespace yard::engine::logs {

Result<LineFilter> LineFilter::create(const std::string& expression) {
    LineFilter filter;
    if (expression.empty()) return filter;
    auto regex = std::make_unique<regex_t>();
    if (const int code = regcomp(regex.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
        char reason[128];
        regerror(code, regex.get(), reason, sizeof reason);
        return fail("\"" + expression + "\" is not a regular expression: " + reason, EINVAL);
    }
    filter.regex_.reset(regex.release());
    return filter;
}

bool LineFilter::matches(std::string_view line) const {
    if (!regex_) return true;
    regmatch_t range[1];
    range[0].rm_so = 0;
    range[0].rm_eo = static_cast<regoff_t>(line.size());
    return regexec(regex_.get(), line.data(), 1, range, REG_STARTEND) == 0;  // GNU: the line needs no NUL
}

}  // namespace yard::engine::logs
