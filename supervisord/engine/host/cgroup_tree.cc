#include "engine/host/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/unique_fd.h"
#include "engine/host/file_text.h"

namespace yard::engine {
namespace {

// ENODEV: the file was open, or being opened, when the cgroup went away.
bool means_gone(int error) {
    return error == ENOENT || error == ENODEV;
}

// Closed before the caller descends, so that deep trees do not use up descriptors.
std::vector<std::string> child_cgroups(const std::string& directory) {
    std::vector<std::string> children;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
    if (!stream) return children;
    while (const dirent* entry = readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..")
            children.push_back(directory + "/" + entry->d_name);
    }
    return children;
}

void append_pids(const std::string& directory, std::vector<int>& pids) {
    const Result<std::string> text = read_file_text(directory + "/cgroup.procs");
    if (!text) return;
    const char* at = text->data();
    const char* const end = at + text->size();
    int pid = 0;
    while (at < end) {
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error != std::errc()) break;
        // 0: a process that this process's PID namespace does not show.
        if (pid > 0) pids.push_back(pid);
        at = next + 1;
    }
    for (const std::string& child : child_cgroups(directory)) append_pids(child, pids);
}

}  // namespace

Status kill_cgroup(const std::string& directory) {
    const std::string path = directory + "/cgroup.kill";
    const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file && write(file.get(), "1", 1) == 1) return Ok();
    if (means_gone(errno)) return Ok();
    return fail(system_error("write", path));
}

Result<bool> cgroup_populated(const std::string& directory) {
    Result<std::string> events = read_file_text(directory + "/cgroup.events");
    if (events) return events->find("populated 1") != std::string::npos;
    if (means_gone(events.error().code)) return false;
    return fail(std::move(events).error());
}

std::vector<int> cgroup_pids(const std::string& directory) {
    std::vector<int> pids;
    append_pids(directory, pids);
    std::sort(pids.begin(), pids.end());
    return pids;
}

Result<Removal> remove_cgroup(const std::string& directory) {
    // Most cgroups have no children: try before looking.
    if (rmdir(directory.c_str()) == 0 || means_gone(errno)) return Removal::gone;
    if (errno != EBUSY && errno != ENOTEMPTY) return fail(system_error("remove cgroup", directory));
    for (const std::string& child : child_cgroups(directory)) {
        Result<Removal> removed = remove_cgroup(child);
        if (!removed || *removed == Removal::busy) return removed;
    }
    if (rmdir(directory.c_str()) == 0 || means_gone(errno)) return Removal::gone;
    if (errno != EBUSY && errno != ENOTEMPTY) return fail(system_error("remove cgroup", directory));
    return Removal::busy;
}

}  // namespace yard::engine
