#include "engine/host/renice.h"

#include <dirent.h>
#include <sys/resource.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace yard::engine {
namespace {

// Somebody who sets other values all the time must not keep us here.
constexpr int kMaxPasses = 8;

class Renicer {
  public:
    Renicer(int nice, Priorities& priorities) : nice_(nice), priorities_(priorities) {}

    // True when a thread was changed.
    bool pass(const std::vector<int>& pids) {
        bool changed = false;
        for (const int pid : pids) {
            for (const int tid : priorities_.threads(pid)) changed |= change(pid, tid);
        }
        return changed;
    }
    Status take_status() { return failure_ ? Status(fail(std::move(*failure_))) : Ok(); }

  private:
    bool change(int pid, int tid) {
        int now = 0;
        if (priorities_.get_nice(tid, &now) != 0 || now == nice_) return false;
        const int error = priorities_.set_nice(tid, nice_);
        if (error != 0 && error != ESRCH && !failure_) failure_ = describe(pid, now, error);
        return error == 0;
    }

    Error describe(int pid, int now, int error) const {
        Error failure = system_error("set nice " + std::to_string(nice_) + " for",
                                     "process " + std::to_string(pid), error);
        if (error == EACCES) {
            failure.message +=
                " (going below " + std::to_string(now) + " needs root, CAP_SYS_NICE or RLIMIT_NICE)";
        } else if (error == EPERM) {
            failure.message += " (it belongs to another user)";
        }
        return failure;
    }

    const int nice_;
    Priorities& priorities_;
    std::optional<Error> failure_;
};

}  // namespace

std::vector<int> SystemPriorities::threads(int pid) const {
    std::vector<int> tids;
    const std::string path = "/proc/" + std::to_string(pid) + "/task";
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path.c_str()), closedir);
    if (!stream) return tids;
    while (const dirent* entry = readdir(stream.get())) {
        if (const int tid = std::atoi(entry->d_name); tid > 0) tids.push_back(tid);
    }
    return tids;
}

int SystemPriorities::get_nice(int tid, int* nice) const {
    // -1 is a nice value too.
    errno = 0;
    const int value = getpriority(PRIO_PROCESS, static_cast<id_t>(tid));
    if (value == -1 && errno != 0) return errno;
    *nice = value;
    return 0;
}

int SystemPriorities::set_nice(int tid, int nice) {
    return setpriority(PRIO_PROCESS, static_cast<id_t>(tid), nice) == 0 ? 0 : errno;
}

Status renice(const std::function<std::vector<int>()>& list_pids, int nice, Priorities& priorities) {
    Renicer renicer(nice, priorities);
    for (int passes = 0; passes < kMaxPasses; ++passes) {
        if (!renicer.pass(list_pids())) break;
    }
    return renicer.take_status();
}

}  // namespace yard::engine
