#include "engine/ready/file_probe.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace yard::engine {
namespace {

std::string folder_of(const std::string& path) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// The status change tells of a file that was moved into place too.
WallTime changed(const struct stat& facts) {
    return WallTime(std::chrono::seconds(facts.st_ctim.tv_sec) + Duration(facts.st_ctim.tv_nsec));
}

// By how much the time of a change may be too early: a tick of the kernel's, or as coarse as the file system is.
Duration grain(WallTime time) {
    constexpr Duration kTick = std::chrono::milliseconds(10), kCoarsest = std::chrono::seconds(2);
    return time.time_since_epoch() % std::chrono::seconds(1) == Duration(0) ? kCoarsest : kTick;
}

}  // namespace

FileProbe::FileProbe(uv_loop_s* loop, std::string path, BootTime since, Duration interval,
                     std::function<void()> on_ready)
    : path_(std::move(path)),
      folder_(folder_of(path_)),
      since_(since),
      interval_(interval),
      on_ready_(std::move(on_ready)),
      timer_(loop),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (inotify_) {
        auto watch = FdWatch::create(loop, inotify_.get(), FdWatch::reading,
                                     [this](unsigned) { on_folder_changed(); });
        if (watch) watch_ = std::move(*watch);
    }
    timer_.start(Duration(0), [this] { look(); });
}

std::string FileProbe::last_failure() const {
    if (failure_ == ESTALE) return "file " + path_ + ": it is from before this start";
    return "file " + path_ + ": " + (failure_ == 0 ? "not tried yet" : std::strerror(failure_));
}

void FileProbe::look() {
    // Each time anew: the folder may be another one by now, and a known one costs nothing. First the watch,
    // then the look, so that one of them sees what comes in between.
    inotify_add_watch(inotify_.get(), folder_.c_str(),
                      IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR);
    failure_ = find();
    if (failure_ != 0) return timer_.start(interval_, [this] { look(); });
    timer_.stop();
    watch_.reset();
    inotify_.reset();
    const auto on_ready = std::move(on_ready_);
    on_ready();
}

// 0, or what failure_ holds.
int FileProbe::find() const {
    struct stat file {
    }, link{};
    if (stat(path_.c_str(), &file) != 0 || lstat(path_.c_str(), &link) != 0) return errno;
    const WallTime newest = std::max(changed(file), changed(link));
    // The start in the time of day as it counts now: somebody may have set the clock meanwhile.
    const SystemClock clock;
    const WallTime start = clock.wall_now() - (clock.now() - since_);
    return newest + grain(newest) < start ? ESTALE : 0;
}

void FileProbe::on_folder_changed() {
    // What happened does not matter: look() sees whether it was enough.
    char events[4096];
    if (read(inotify_.get(), events, sizeof events) > 0) look();
}

}  // namespace yard::engine
