#include "engine/host/cgroup_events.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "engine/host/cgroup_tree.h"

namespace yard::engine {
namespace {

constexpr Duration kRetry = std::chrono::milliseconds(10);

}  // namespace

Result<std::unique_ptr<CgroupEvents>> CgroupEvents::open(uv_loop_s* loop) {
    UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return fail(system_error("inotify_init1", "for cgroups"));
    std::unique_ptr<CgroupEvents> events(new CgroupEvents(loop, std::move(inotify)));
    Result<FdWatch> watch = FdWatch::create(loop, events->inotify_.get(), FdWatch::reading,
                                            [raw = events.get()](unsigned) { raw->on_ready(); });
    if (!watch) return fail(std::move(watch).error());
    events->watch_ = std::move(*watch);
    return events;
}

Result<CgroupEvents::Wait> CgroupEvents::when_empty(const std::string& directory, Callback callback) {
    const std::string parent = directory.substr(0, directory.rfind('/'));
    const Result<int> removals = add_watch(parent, IN_DELETE | IN_ONLYDIR);
    if (!removals) return fail(removals.error());
    parents_[*removals] = parent;
    // The kernel reports a change of `populated` as a modification of the file.
    const Result<int> changes = add_watch(directory + "/cgroup.events", IN_MODIFY);
    if (!changes) return fail(changes.error());
    Watched& watched = watched_[*changes];
    watched.directory = directory;
    watched.waiters.push_back({++last_serial_, std::move(callback)});
    // What happened before the watch was there is seen by looking once after it is.
    look_unasked(*changes, Duration(0));
    return Wait{*changes, last_serial_};
}

Result<int> CgroupEvents::add_watch(const std::string& path, uint32_t mask) {
    const int watch = inotify_add_watch(inotify_.get(), path.c_str(), mask);
    if (watch < 0) return fail(system_error("watch", path));
    return watch;
}

void CgroupEvents::cancel(Wait wait) {
    const auto is_it = [&](const Waiter& waiter) { return waiter.serial == wait.serial; };
    std::erase_if(due_, is_it);
    const auto found = watched_.find(wait.watch);
    if (found == watched_.end()) return;
    std::erase_if(found->second.waiters, is_it);
    if (found->second.waiters.empty()) unwatch(wait.watch);
}

void CgroupEvents::look_unasked(int watch, Duration after) {
    unchecked_.push_back(watch);
    again_.start(after, [this] { on_ready(); });
}

void CgroupEvents::on_ready() {
    std::vector<int> changed = drain();
    changed.insert(changed.end(), unchecked_.begin(), unchecked_.end());
    unchecked_.clear();
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    for (const int watch : changed) check(watch);
}

// Reads all events there are; gives the watch descriptors they are about.
std::vector<int> CgroupEvents::drain() {
    std::vector<int> changed;
    char buffer[4096];
    for (;;) {
        const ssize_t got = read(inotify_.get(), buffer, sizeof buffer);
        if (got <= 0) return changed;
        inotify_event event;
        for (ssize_t at = 0; at < got; at += static_cast<ssize_t>(sizeof event) + event.len) {
            std::memcpy(&event, buffer + at, sizeof event);
            note(event, buffer + at + sizeof event, &changed);
        }
    }
}

void CgroupEvents::note(const inotify_event& event, const char* name, std::vector<int>* changed) const {
    const bool overflow = (event.mask & IN_Q_OVERFLOW) != 0;
    const auto parent = parents_.find(event.wd);
    if (!overflow && parent == parents_.end()) return changed->push_back(event.wd);
    const std::string removed = overflow ? "" : parent->second + "/" + (event.len > 0 ? name : "");
    for (const auto& [watch, watched] : watched_) {
        if (overflow || watched.directory == removed) changed->push_back(watch);
    }
}

// Calls those who wait for the cgroup if it is empty.
void CgroupEvents::check(int watch) {
    const auto found = watched_.find(watch);
    if (found == watched_.end()) return;
    const Result<bool> populated = cgroup_populated(found->second.directory);
    if (!populated) {
        // Out of descriptors, say. Nobody will tell again: look again.
        return look_unasked(watch, kRetry);
    }
    if (*populated) return;
    std::move(found->second.waiters.begin(), found->second.waiters.end(), std::back_inserter(due_));
    unwatch(watch);
    while (!due_.empty()) {
        const Callback callback = std::move(due_.front().callback);
        due_.pop_front();
        callback();
    }
}

void CgroupEvents::unwatch(int watch) {
    // Fails when the cgroup is gone, and the watch with it.
    inotify_rm_watch(inotify_.get(), watch);
    watched_.erase(watch);
}

}  // namespace yard::engine
