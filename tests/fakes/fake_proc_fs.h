// A /proc made of strings.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/host/proc.h"

namespace yard::engine {

class FakeProcFs : public ProcFs {
  public:
    // A sleeping process with one thread, without terminal, in its parent's session.
    void add(int pid, int ppid, const std::string& comm = "sleep") {
        const std::string id = std::to_string(pid), parent = std::to_string(ppid);
        set(pid, "stat",
            id + " (" + comm + ") S " + parent + " " + id + " " + parent +
                " 0 -1 4194560 0 0 0 0 300 100 7 7 20 0 1 0 1000 5000000 200 0\n");
        set(pid, "status",
            "Name:\t" + comm + "\nUid:\t0\t0\t0\t0\nVmLck:\t       0 kB\nVmRSS:\t     840 kB\n");
        set(pid, "cmdline", comm + std::string("\0", 1));
    }
    void set(int pid, const std::string& file, std::string text) { files_[pid][file] = std::move(text); }
    void forget(int pid, const std::string& file) { files_[pid].erase(file); }
    void set_fd_count(int pid, int count) { fd_counts_[pid] = count; }
    // How often a file was read, over all processes.
    int reads_of(const std::string& file) const { return reads_.contains(file) ? reads_.at(file) : 0; }

    std::vector<int> pids() const override {
        std::vector<int> pids;
        for (const auto& entry : files_) pids.push_back(entry.first);
        return pids;
    }
    std::optional<std::string> read(int pid, const char* file) const override {
        ++reads_[file];
        const auto process = files_.find(pid);
        if (process == files_.end() || !process->second.contains(file)) return std::nullopt;
        return process->second.at(file);
    }
    std::optional<int> fd_count(int pid) const override {
        const auto found = fd_counts_.find(pid);
        return found == fd_counts_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    std::map<int, std::map<std::string, std::string>> files_;
    std::map<int, int> fd_counts_;
    mutable std::map<std::string, int> reads_;
};

}  // namespace yard::engine
