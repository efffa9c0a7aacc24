#include "engine/host/proc_stat.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace yard::engine {
namespace {

// The fields after the name, numbered as in proc(5).
enum Field {
    kState = 3,
    kPpid = 4,
    kProcessGroup = 5,
    kSession = 6,
    kForegroundGroup = 8,
    kUserTicks = 14,
    kSystemTicks = 15,
    kNice = 19,
    kThreads = 20,
    kStartedTicks = 22,
};

// Zero when `word` begins with no number.
template <typename Number>
Number number(std::string_view word) {
    Number value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
    // The name may hold spaces and parentheses, but nothing behind it does.
    const size_t open = text.find(" ("), close = text.rfind(") ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return std::nullopt;
    std::array<std::string_view, kStartedTicks + 1> fields;
    size_t at = close + 2;
    for (size_t field = kState; field <= kStartedTicks; ++field) {
        const size_t end = text.find_first_of(" \n", at);
        if (end == std::string_view::npos || end == at) return std::nullopt;
        fields[field] = text.substr(at, end - at);
        at = end + 1;
    }
    ProcStat stat;
    stat.pid = number<int>(text);
    stat.comm = text.substr(open + 2, close - open - 2);
    stat.state = fields[kState].front();
    stat.ppid = number<int>(fields[kPpid]);
    stat.process_group = number<int>(fields[kProcessGroup]);
    stat.session = number<int>(fields[kSession]);
    stat.foreground_group = number<int>(fields[kForegroundGroup]);
    stat.cpu_ticks = number<uint64_t>(fields[kUserTicks]) + number<uint64_t>(fields[kSystemTicks]);
    stat.nice = number<int>(fields[kNice]);
    stat.threads = number<int>(fields[kThreads]);
    stat.started_ticks = number<uint64_t>(fields[kStartedTicks]);
    return stat;
}

std::string_view status_value(std::string_view status, std::string_view key) {
    constexpr std::string_view kBlank = " \t";
    while (!status.empty()) {
        const size_t end = std::min(status.find('\n'), status.size());
        std::string_view line = status.substr(0, end);
        status.remove_prefix(std::min(end + 1, status.size()));
        if (!line.starts_with(key) || line.size() == key.size() || line[key.size()] != ':') continue;
        line.remove_prefix(key.size() + 1);
        line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
        return line.substr(0, line.find_last_not_of(kBlank) + 1);
    }
    return {};
}

ProcStatus parse_proc_status(std::string_view text) {
    ProcStatus status;
    // Real, effective, saved, file system.
    const std::string_view uids = status_value(text, "Uid");
    status.uid = number<uint32_t>(uids.substr(std::min(uids.find('\t') + 1, uids.size())));
    status.rss_kib = number<uint64_t>(status_value(text, "VmRSS"));
    status.locked_kib = number<uint64_t>(status_value(text, "VmLck"));
    return status;
}

std::string stat_letters(const ProcStat& stat, const ProcStatus& status) {
    std::string letters(1, stat.state);
    if (stat.nice < 0) letters += '<';
    if (stat.nice > 0) letters += 'N';
    if (status.locked_kib > 0) letters += 'L';
    if (stat.session == stat.pid) letters += 's';
    if (stat.threads > 1) letters += 'l';
    if (stat.process_group == stat.foreground_group) letters += '+';
    return letters;
}

double cpu_percent(const ProcStat& stat, BootTime now) {
    static const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    const double started_s = static_cast<double>(stat.started_ticks) / ticks_per_second;
    const double lived_s = std::chrono::duration<double>(now.time_since_epoch()).count() - started_s;
    if (lived_s <= 0) return 0;
    return static_cast<double>(stat.cpu_ticks) / ticks_per_second * 100 / lived_s;
}

}  // namespace yard::engine
