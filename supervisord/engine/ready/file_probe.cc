#include "engine/ready/file_probe.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace

FileProbe::FileProbe(uv_loop_s* loop, std::string path, Duration interval, std::function<void()> on_ready)
    : path_(std::move(path)),
      folder_(folder_of(path_)),
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
    return "file " + path_ + ": " + (failure_ == 0 ? "not tried yet" : std::strerror(failure_));
}

void FileProbe::look() {
    // Each time anew: the folder may be another one by now, and a known one costs nothing. First the watch,
    // then the look, so that one of them sees what comes in between.
    inotify_add_watch(inotify_.get(), folder_.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    struct stat facts {};
    if (stat(path_.c_str(), &facts) != 0) {
        failure_ = errno;
        return timer_.start(interval_, [this] { look(); });
    }
    timer_.stop();
    watch_.reset();
    inotify_.reset();
    const auto on_ready = std::move(on_ready_);
    on_ready();
}

void FileProbe::on_folder_changed() {
    // What happened does not matter: look() sees whether it was enough.
    char events[4096];
    if (read(inotify_.get(), events, sizeof events) > 0) look();
}

}  // namespace yard::engine
