// Processes as /proc shows them. All of it is true only for the moment of the reading: a process that is not
// there, or goes away meanwhile, is never an error.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/host/proc_stat.h"

namespace yard::engine {

// The seam to /proc. Threads: SystemProcFs may be used from any thread.
class ProcFs {
  public:
    virtual ~ProcFs() = default;
    virtual std::vector<int> pids() const = 0;
    // /proc/<pid>/<file>, or nothing when there is no such process or it may not be read.
    virtual std::optional<std::string> read(int pid, const char* file) const = 0;
    // How many descriptors the process has open, or nothing when that is not for this process to know.
    virtual std::optional<int> fd_count(int pid) const = 0;
};

class SystemProcFs : public ProcFs {
  public:
    std::vector<int> pids() const override;
    std::optional<std::string> read(int pid, const char* file) const override;
    std::optional<int> fd_count(int pid) const override;
};

std::optional<ProcStat> read_proc_stat(const ProcFs& proc, int pid);

// Is `pid` the process `ancestor` or one of its descendants? Costs one read a generation.
bool descends_from(const ProcFs& proc, int pid, int ancestor);

// All processes of the system at one reading, as a tree.
class ProcSnapshot {
  public:
    explicit ProcSnapshot(const ProcFs& proc);

    // The process, or null. Valid as long as the snapshot.
    const ProcStat* find(int pid) const;
    // Children, their children and so on, ascending; without `root` itself.
    std::vector<int> descendants(int root) const;
    // `roots` and all their descendants, ascending, each once. Roots that the reading missed are kept.
    std::vector<int> families(const std::vector<int>& roots) const;

  private:
    std::unordered_map<int, ProcStat> by_pid_;
    std::unordered_map<int, std::vector<int>> children_;  // by parent
};

}  // namespace yard::engine
