#include "engine/host/proc.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <unordered_set>

#include "engine/host/file_text.h"

namespace yard::engine {
namespace {

// An entry of /proc that is no process gives no number; a command line may be megabytes long.
constexpr size_t kMaxFileBytes = 64 << 10;

// Process trees are as deep as their programs nest; a longer chain is one that changed while it was read.
constexpr int kMaxGenerations = 4096;

std::string proc_path(int pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

// Calls `visit(name)` for every entry but "." and "..". False when the directory cannot be read.
template <typename Visit>
bool for_each_entry(const std::string& path, Visit visit) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path.c_str()), closedir);
    if (!stream) return false;
    while (const dirent* entry = readdir(stream.get())) {
        if (entry->d_name[0] != '.') visit(entry->d_name);
    }
    return true;
}

}  // namespace

std::vector<int> SystemProcFs::pids() const {
    std::vector<int> pids;
    for_each_entry("/proc", [&](const char* name) {
        if (const int pid = std::atoi(name); pid > 0) pids.push_back(pid);
    });
    return pids;
}

std::optional<std::string> SystemProcFs::read(int pid, const char* file) const {
    Result<std::string> text = read_file_text(proc_path(pid, file), kMaxFileBytes);
    if (!text) return std::nullopt;
    return std::move(*text);
}

std::optional<int> SystemProcFs::fd_count(int pid) const {
    const std::string path = proc_path(pid, "fd");
    // Since Linux 6.2 the size of the directory is the number of open descriptors.
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && info.st_size > 0) return static_cast<int>(info.st_size);
    int count = 0;
    if (!for_each_entry(path, [&](const char*) { ++count; })) return std::nullopt;
    return count;
}

std::optional<ProcStat> read_proc_stat(const ProcFs& proc, int pid) {
    const std::optional<std::string> text = proc.read(pid, "stat");
    return text ? parse_proc_stat(*text) : std::nullopt;
}

bool descends_from(const ProcFs& proc, int pid, int ancestor) {
    for (int generation = 0; generation < kMaxGenerations && pid > 0; ++generation) {
        if (pid == ancestor) return true;
        const std::optional<ProcStat> stat = read_proc_stat(proc, pid);
        if (!stat) return false;
        pid = stat->ppid;
    }
    return false;
}

ProcSnapshot::ProcSnapshot(const ProcFs& proc) {
    for (const int pid : proc.pids()) {
        std::optional<ProcStat> stat = read_proc_stat(proc, pid);
        if (!stat) continue;
        children_[stat->ppid].push_back(pid);
        by_pid_.emplace(pid, std::move(*stat));
    }
}

const ProcStat* ProcSnapshot::find(int pid) const {
    const auto found = by_pid_.find(pid);
    return found == by_pid_.end() ? nullptr : &found->second;
}

std::vector<int> ProcSnapshot::descendants(int root) const {
    std::vector<int> found = families({root});
    std::erase(found, root);
    return found;
}

std::vector<int> ProcSnapshot::families(const std::vector<int>& roots) const {
    std::unordered_set<int> known(roots.begin(), roots.end());
    std::vector<int> found(known.begin(), known.end());
    // `found` is also the list of those whose children are still to be looked up. It grows meanwhile.
    for (size_t next = 0; next < found.size(); ++next) {
        const auto children = children_.find(found[next]);
        if (children == children_.end()) continue;
        for (const int child : children->second) {
            if (known.insert(child).second) found.push_back(child);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace yard::engine
