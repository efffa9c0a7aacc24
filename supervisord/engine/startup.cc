#include "engine/startup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace yard::engine {
namespace {

constexpr int kBacklog =
    4096;  // connections wait here while an engine restarts; the kernel caps it at somaxconn

Failure<StartError> stop(std::string message, int exit_code) {
    return {{std::move(message), exit_code}};
}
Failure<StartError> stop(const Error& error, int exit_code = kExitSystem) {
    return stop(error.message, exit_code);
}

}  // namespace

std::string all_text(const std::vector<conf::Diagnostic>& diagnostics) {
    std::string text;
    for (const conf::Diagnostic& diagnostic : diagnostics)
        text += (text.empty() ? "" : "\n") + diagnostic.text();
    return text;
}

int check_config(const Options& options) {
    const Result<std::string> path = conf::find_config(options.config);
    if (!path) {
        std::fprintf(stderr, "supervisord: %s\n", path.error().message.c_str());
        return kExitConfig;
    }
    conf::DiskSource disk;
    const conf::Loaded loaded = conf::load(*path, disk);
    if (loaded.diagnostics.empty()) return 0;
    std::fprintf(stderr, "%s\n", all_text(loaded.diagnostics).c_str());
    return kExitConfig;
}

Started<Unit> take_lock(const std::string& runtime_dir, KeeperLink& link, HeldFds& held) {
    if (held.take(HeldKind::lock)) return Unit{};
    const std::string path = runtime_dir + "/lock";
    const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return stop(system_error("open", path));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return stop(system_error("lock", path));
        return stop("another supervisord runs in " + runtime_dir +
                        "; stop it with `ctl shutdown`, or name another --runtime-dir",
                    kExitTaken);
    }
    link.hold(held_name(HeldKind::lock), fd.get());  // the lock lives as long as any duplicate
    return Unit{};
}

Started<UniqueFd> open_control_socket(const std::string& path, KeeperLink& link, HeldFds& held) {
    if (UniqueFd fd = held.take(HeldKind::control)) return fd;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return stop("the path of the control socket is too long (107 bytes at most): " + path, kExitUsage);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return stop(system_error("make", "the control socket"));
    const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(probe.get(), generic, sizeof address) == 0) {
        return stop("another daemon listens on " + path + "; name another --socket", kExitTaken);
    }
    unlink(path.c_str());  // left by a daemon that is gone
    if (bind(fd.get(), generic, sizeof address) != 0) return stop(system_error("bind", path));
    if (chmod(path.c_str(), 0666) != 0) return stop(system_error("change the mode of", path));
    if (listen(fd.get(), kBacklog) != 0) return stop(system_error("listen on", path));
    link.hold(held_name(HeldKind::control), fd.get());
    return fd;
}

}  // namespace yard::engine
