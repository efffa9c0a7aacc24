#include "engine/host/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "engine/host/cgroup_path.h"
#include "engine/host/cgroup_tree.h"
#include "engine/host/file_text.h"

namespace yard::engine {
namespace {

// An empty cgroup that cannot be removed has a child that appeared meanwhile, or a mount on it. The first
// passes.
constexpr int kMaxRemovalAttempts = 16;

Status make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return Ok();
    return fail(system_error("mkdir", path));
}

Status check_writable(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file ? Ok() : Status(fail(system_error("open", path)));
}

// Can processes of `parent` be started in `directory`, and killed there?
Status check_usable(const std::string& parent, const std::string& directory) {
    // To move from one cgroup to another takes write access to their common ancestor.
    if (Status status = check_writable(parent + "/cgroup.procs"); !status) return status;
    if (Status status = check_writable(directory + "/cgroup.procs"); !status) return status;
    if (access((directory + "/cgroup.kill").c_str(), F_OK) != 0) {
        return fail("the kernel has no cgroup.kill (it came with Linux 5.14)");
    }
    if (Status status = check_writable(directory + "/cgroup.kill"); !status) return status;
    const Result<std::string> type = read_file_text(directory + "/cgroup.type");
    // Below a threaded cgroup there are none for whole processes.
    if (type && !type->starts_with("domain\n")) return fail(directory + " is a threaded cgroup");
    return Ok();
}

}  // namespace

CgroupSources CgroupSources::of_this_process() {
    CgroupSources sources;
    if (Result<std::string> text = read_file_text("/proc/self/mountinfo"))
        sources.mountinfo = std::move(*text);
    if (Result<std::string> text = read_file_text("/proc/self/cgroup"))
        sources.proc_cgroup = std::move(*text);
    const char* const wish = std::getenv("YARD_CGROUP");
    sources.off = wish != nullptr && std::string_view(wish) == "off";
    return sources;
}

std::unique_ptr<CgroupManager> CgroupManager::open(uv_loop_s* loop, const CgroupRoot& wanted,
                                                   const CgroupSources& sources) {
    std::unique_ptr<CgroupManager> manager(new CgroupManager);
    Result<Root> root = make_root(wanted, sources);
    if (!root) {
        manager->reason_ = root.error().message;
        return manager;
    }
    manager->root_ = std::move(*root);
    Result<std::unique_ptr<CgroupEvents>> events = CgroupEvents::open(loop);
    if (!events) {
        manager->reason_ = events.error().message;
        rmdir(manager->root_.directory.c_str());
        return manager;
    }
    manager->events_ = std::move(*events);
    manager->reason_ = "cgroup v2 at " + manager->root_.directory;
    return manager;
}

// Tries each mount of the hierarchy: a container may have a read-only one beside a writable one. The reason
// of the first is given when none will do.
Result<CgroupManager::Root> CgroupManager::make_root(const CgroupRoot& wanted, const CgroupSources& sources) {
    if (sources.off) return fail("switched off by YARD_CGROUP=off");
    const std::optional<std::string> own = parse_own_cgroup(sources.proc_cgroup);
    if (!own) return fail("the kernel has no cgroup v2");
    std::string reason = "no cgroup v2 mount shows the daemon's own cgroup " + *own;
    bool first = true;
    for (const CgroupMount& mount : parse_cgroup2_mounts(sources.mountinfo)) {
        const std::optional<std::string> parent = directory_in(mount, *own);
        if (!parent) continue;
        const std::string name = wanted.family + "-" + std::to_string(wanted.number);
        Root root{*parent + "/" + name, (*own == "/" ? "" : *own) + "/" + name,
                  *parent + "/" + wanted.family};
        Status status = make_directory(root.directory);
        if (status) {
            status = check_usable(*parent, root.directory);
            if (status) return root;
            rmdir(root.directory.c_str());
        }
        if (std::exchange(first, false)) reason = status.error().message;
    }
    return fail(reason);
}

Result<std::string> CgroupManager::create(const std::string& service) {
    if (const auto removal = removals_.find(service); removal != removals_.end()) {
        events_->cancel(removal->second);
        removals_.erase(removal);
    }
    const std::string path = directory(service);
    if (mkdir(path.c_str(), 0755) == 0) return path;
    if (errno == EEXIST) {
        static_cast<void>(remove_cgroup(path));
    } else if (errno == ENOENT) {
        static_cast<void>(make_directory(root_.directory));  // somebody tidied it away
    }
    // What could not be mended above shows here.
    if (Status made = make_directory(path); !made) return fail(std::move(made).error());
    return path;
}

std::string CgroupManager::directory(std::string_view service) const {
    return root_.directory + "/" + cgroup_name(service);
}

bool CgroupManager::holds(std::string_view service, std::string_view proc_cgroup) const {
    const std::optional<std::string> cgroup = parse_own_cgroup(proc_cgroup);
    return cgroup && is_within(*cgroup, root_.cgroup + "/" + cgroup_name(service));
}

Status CgroupManager::kill(const std::string& service) const {
    return kill_cgroup(directory(service));
}

Result<bool> CgroupManager::populated(const std::string& service) const {
    return cgroup_populated(directory(service));
}

std::vector<int> CgroupManager::pids(const std::string& service) const {
    return cgroup_pids(directory(service));
}

Result<CgroupManager::Wait> CgroupManager::watch_empty(const std::string& service, Callback callback) {
    return events_->when_empty(directory(service), std::move(callback));
}

void CgroupManager::remove(const std::string& service) {
    if (!removals_.contains(service)) try_removal(service, 1);
}

bool CgroupManager::remove_now(const std::string& service) const {
    const Result<Removal> removed = remove_cgroup(directory(service));
    return removed && *removed == Removal::gone;
}

void CgroupManager::try_removal(const std::string& service, int attempts) {
    removals_.erase(service);
    const std::string path = directory(service);
    const Result<Removal> removed = remove_cgroup(path);
    if (!removed || *removed == Removal::gone || attempts == kMaxRemovalAttempts) return;
    Result<Wait> wait = events_->when_empty(
        path, [this, service = std::string(service), attempts] { try_removal(service, attempts + 1); });
    if (wait) removals_[service] = *wait;
}

Status CgroupManager::remove_root() {
    const Result<Removal> removed = remove_cgroup(root_.directory);
    if (!removed) return fail(removed.error());
    if (*removed == Removal::busy) return fail("processes still live in " + root_.directory, EBUSY);
    return Ok();
}

void CgroupManager::remove_leftovers() const {
    const std::filesystem::path parent = std::filesystem::path(root_.directory).parent_path();
    std::vector<std::string> left;
    std::error_code ignored;  // what cannot be listed cannot be removed either
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        const std::string& path = entry.path().native();
        if (path.starts_with(root_.family + "-") && path != root_.directory) left.push_back(path);
    }
    for (const std::string& path : left) (void)remove_cgroup(path);
}

}  // namespace yard::engine
