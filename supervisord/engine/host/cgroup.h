// CgroupManager: a cgroup for each service, where the host lets us make one.
//
// Layout: <the daemon's own cgroup>/<root>/<service>. Nothing is enabled or limited: the cgroups are
// there to know which processes belong to a service, to kill all of them at once, and to learn when the last
// one is gone.
//
// Threads: the loop's thread only. Callbacks may call anything here but must not destroy the manager.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/host/cgroup_events.h"

namespace yard::engine {

// What the host says about cgroups, as text.
struct CgroupSources {
    std::string mountinfo;    // /proc/self/mountinfo
    std::string proc_cgroup;  // /proc/self/cgroup
    bool off = false;         // the user does not want them: YARD_CGROUP=off

    static CgroupSources of_this_process();
};

// What the root is called: <family>-<number>.
struct CgroupRoot {
    std::string
        family;      // differs between daemons that may live at the same time, whatever namespaces they see
    int number = 0;  // differs between daemons that follow each other; the same for every engine of one
};

class CgroupManager {
  public:
    enum class Mode {
        none,  // services need another way to keep their processes together
        v2,
    };
    using Callback = CgroupEvents::Callback;
    using Wait = CgroupEvents::Wait;

    // Finds out, once, whether cgroups can be used, and makes the root when they can; one that exists is taken
    // over.
    static std::unique_ptr<CgroupManager> open(uv_loop_s* loop, const CgroupRoot& root,
                                               const CgroupSources& sources);

    Mode mode() const { return events_ ? Mode::v2 : Mode::none; }
    // In words: where the root is, or why there is none.
    const std::string& reason() const { return reason_; }

    // ---- What follows REQUIRES mode() == Mode::v2.

    // Makes the cgroup and gives its directory; one that is there already is made anew, unless something lives in it:
    // it may have been killed before, and then nothing can be born in it. A removal that waits is forgotten.
    Result<std::string> create(const std::string& service);
    std::string directory(std::string_view service) const;
    // Is a process with this /proc/<pid>/cgroup one of the service's?
    bool holds(std::string_view service, std::string_view proc_cgroup) const;

    // See cgroup_tree.h.
    Status kill(const std::string& service) const;
    Result<bool> populated(const std::string& service) const;
    std::vector<int> pids(const std::string& service) const;

    // See CgroupEvents::when_empty.
    Result<Wait> watch_empty(const std::string& service, Callback callback);
    void cancel(Wait wait) { events_->cancel(wait); }

    // Removes the service's cgroup with all that the service made in it: now, or as soon as the last process
    // is gone. Kills nothing.
    void remove(const std::string& service);
    // Removes it if no process is left, else does nothing. False: one is left, or it cannot be told.
    bool remove_now(const std::string& service) const;
    // Removes all that is empty at the end of the daemon; fails when something still lives there.
    Status remove_root();
    // Removes what earlier daemons of the family left, as far as nothing lives there.
    void remove_leftovers() const;

  private:
    struct Root {
        std::string directory;
        std::string cgroup;  // the same as /proc/<pid>/cgroup shows it
        std::string family;  // as in CgroupRoot, with the directory it lies in
    };

    CgroupManager() = default;
    static Result<Root> make_root(const CgroupRoot& wanted, const CgroupSources& sources);
    void try_removal(const std::string& service, int attempts);

    Root root_;
    std::string reason_;
    std::unique_ptr<CgroupEvents> events_;
    std::unordered_map<std::string, Wait> removals_;  // that wait, by service
};

}  // namespace yard::engine
