#include "engine/host/process_list.h"

#include <algorithm>
#include <utility>

namespace yard::engine {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// The command line as one line, or the name in brackets for a zombie or a kernel thread.
std::string command_of(const ProcStat& stat, std::string cmdline) {
    while (!cmdline.empty() && cmdline.back() == '\0') cmdline.pop_back();
    if (cmdline.empty()) cmdline = "[" + stat.comm + "]" + (stat.state == 'Z' ? " <defunct>" : "");
    std::replace(cmdline.begin(), cmdline.end(), '\0', ' ');
    std::replace_if(cmdline.begin(), cmdline.end(), is_control, '?');
    return cmdline;
}

class Lister {
  public:
    Lister(const ProcFs& proc, const std::function<std::vector<int>(const std::string&)>& cgroup_pids,
           BootTime now)
        : proc_(proc), cgroup_pids_(cgroup_pids), now_(now) {}

    void add(const ServiceProcesses& service) {
        for (const int pid : pids_of(service)) {
            const ProcStat* const known = snapshot_ ? snapshot_->find(pid) : nullptr;
            if (known) {
                add_row(service.service, *known);
            } else if (const std::optional<ProcStat> stat = read_proc_stat(proc_, pid)) {
                add_row(service.service, *stat);
            }
        }
    }
    std::vector<ProcessRow> take() { return std::move(rows_); }

  private:
    std::vector<int> pids_of(const ServiceProcesses& service) {
        if (!snapshot_) snapshot_.emplace(proc_);
        // cgroup.procs leaves out zombies, and what moved itself elsewhere.
        if (!service.cgroup_directory.empty())
            return snapshot_->families(cgroup_pids_(service.cgroup_directory));
        if (service.shim_pid != 0) return snapshot_->descendants(service.shim_pid);
        return snapshot_->find(service.main_pid) != nullptr ? snapshot_->families({service.main_pid})
                                                            : std::vector<int>();
    }

    void add_row(const std::string& service, const ProcStat& stat) {
        const std::optional<std::string> status_text = proc_.read(stat.pid, "status");
        if (!status_text) return;
        const ProcStatus status = parse_proc_status(*status_text);
        ProcessRow row;
        row.service = service;
        row.pid = stat.pid;
        row.ppid = stat.ppid;
        row.state = stat_letters(stat, status);
        row.nice = stat.nice;
        row.threads = stat.threads;
        row.cpu_percent = cpu_percent(stat, now_);
        row.rss_kib = status.rss_kib;
        row.fds = proc_.fd_count(stat.pid);
        row.command = command_of(stat, proc_.read(stat.pid, "cmdline").value_or(""));
        rows_.push_back(std::move(row));
    }

    const ProcFs& proc_;
    const std::function<std::vector<int>(const std::string&)>& cgroup_pids_;
    const BootTime now_;
    std::optional<ProcSnapshot> snapshot_;
    std::vector<ProcessRow> rows_;
};

}  // namespace

std::vector<ProcessRow> list_processes(const std::vector<ServiceProcesses>& services, const ProcFs& proc,
                                       const std::function<std::vector<int>(const std::string&)>& cgroup_pids,
                                       BootTime now) {
    Lister lister(proc, cgroup_pids, now);
    for (const ServiceProcesses& service : services) lister.add(service);
    return lister.take();
}

}  // namespace yard::engine
