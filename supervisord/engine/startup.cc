#include "engine/startup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "conf/loader.h"

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

std::string all_text(const std::vector<conf::Diagnostic>& diagnostics) {
    std::string text;
    for (const conf::Diagnostic& diagnostic : diagnostics)
        text += (text.empty() ? "" : "\n") + diagnostic.text();
    return text;
}

Started<std::string> read_all(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return stop(system_error("stat", "the kept configuration"));
    std::string bytes(static_cast<size_t>(info.st_size), '\0');
    if (pread(fd, bytes.data(), bytes.size(), 0) != info.st_size) {
        return stop(system_error("read", "the kept configuration"));
    }
    return bytes;
}

// The path, a NUL, the bundle.
Started<conf::Config> load_kept(int fd) {
    Started<std::string> kept = read_all(fd);
    if (!kept) return Failure<StartError>{kept.error()};
    const size_t nul = kept->find('\0');
    if (nul == std::string::npos) return stop("the kept configuration is damaged", kExitSystem);
    Result<conf::BundleSource> source = conf::BundleSource::parse(kept->substr(nul + 1));
    if (!source) return stop(source.error());
    conf::Loaded loaded = conf::load(kept->substr(0, nul), *source);
    if (!loaded.diagnostics.empty()) return stop(all_text(loaded.diagnostics), kExitConfig);
    return std::move(loaded.config);
}

Status keep(const std::string& path, const std::string& bundle, KeeperLink& link) {
    const UniqueFd fd(memfd_create("yard-config", MFD_CLOEXEC));
    const std::string bytes = path + '\0' + bundle;
    if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        return fail(system_error("keep", "the configuration"));
    }
    link.hold(held_name(HeldKind::config), fd.get());
    return Ok();
}

}  // namespace

Started<conf::Config> load_config(const Options& options, KeeperLink& link, HeldFds& held) {
    if (const UniqueFd kept = held.take(HeldKind::config)) return load_kept(kept.get());
    const Result<std::string> path = conf::find_config(options.config);
    if (!path) return stop(path.error(), kExitConfig);
    conf::DiskSource disk;
    conf::Loaded loaded = conf::load(*path, disk);
    if (!loaded.diagnostics.empty()) return stop(all_text(loaded.diagnostics), kExitConfig);
    if (Status kept = keep(*path, disk.bundle(), link); !kept) return stop(kept.error());
    return std::move(loaded.config);
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
