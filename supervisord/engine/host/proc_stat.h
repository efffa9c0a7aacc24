// What /proc/<pid>/stat and /proc/<pid>/status say, and how ps(1) shows it. Pure: text in, values out. See
// proc(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace yard::engine {

struct ProcStat {
    int pid = 0;
    std::string comm;  // any bytes; at most 15 (kernel threads: 63)
    char state = '?';
    int ppid = 0;
    int process_group = 0;
    int session = 0;
    int foreground_group = -1;  // of the terminal; -1: no terminal
    uint64_t cpu_ticks = 0;     // user + system, without children
    int nice = 0;
    int threads = 0;
    uint64_t started_ticks = 0;  // boot time; with the pid this names a process for ever
};

// Nothing when the text is not the stat file of a process.
std::optional<ProcStat> parse_proc_stat(std::string_view text);

// The value of "Key:\tvalue" in a status file, without white space around it; empty when there is no such
// line.
std::string_view status_value(std::string_view status, std::string_view key);

struct ProcStatus {
    uint32_t uid = 0;      // effective, as ps shows it
    uint64_t rss_kib = 0;  // 0 for a zombie
    uint64_t locked_kib = 0;
};
ProcStatus parse_proc_status(std::string_view text);

// The STAT column of ps(1): the state letter, then < or N (nice), L (locked pages), s (session leader),
// l (threads), + (foreground).
std::string stat_letters(const ProcStat& stat, const ProcStatus& status);

// The %CPU column of ps(1): CPU time over life time, in percent of one CPU.
double cpu_percent(const ProcStat& stat, BootTime now);

}  // namespace yard::engine
