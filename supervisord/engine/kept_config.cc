#include "engine/kept_config.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace yard::engine {
namespace {

Failure<StartError> stop(const Error& error, int exit_code = kExitSystem) {
    return {{error.message, exit_code}};
}

// The path of the file, a NUL, the bundle.
struct Kept {
    std::string path;
    std::string bundle;
};

Result<Kept> read_kept(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return fail(system_error("stat", "the kept configuration"));
    std::string bytes(static_cast<size_t>(info.st_size), '\0');
    if (pread(fd, bytes.data(), bytes.size(), 0) != info.st_size)
        return fail(system_error("read", "the kept configuration"));
    const size_t nul = bytes.find('\0');
    if (nul == std::string::npos) return fail("the kept configuration is damaged");
    return Kept{bytes.substr(0, nul), bytes.substr(nul + 1)};
}

Result<UniqueFd> write_kept(const Kept& kept) {
    UniqueFd fd(memfd_create("yard-config", MFD_CLOEXEC));
    const std::string bytes = kept.path + '\0' + kept.bundle;
    if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        return fail(system_error("keep", "the configuration"));
    return fd;
}

Started<conf::Config> load_kept(int fd, conf::Origins* origins = nullptr) {
    Result<Kept> kept = read_kept(fd);
    if (!kept) return stop(kept.error());
    Result<conf::BundleSource> source = conf::BundleSource::parse(kept->bundle);
    if (!source) return stop(source.error());
    conf::Loaded loaded = conf::load(kept->path, *source, origins);
    if (!loaded.diagnostics.empty()) return Failure<StartError>{{all_text(loaded.diagnostics), kExitConfig}};
    return std::move(loaded.config);
}

}  // namespace

Started<KeptConfig> KeptConfig::open(const Options& options, KeeperLink& link, HeldFds& held,
                                     conf::Config* config) {
    KeptConfig kept;
    const std::vector<uint32_t> numbers = held.numbers(HeldKind::config);
    if (!numbers.empty()) {
        kept.number_ = *std::ranges::max_element(numbers);
        kept.current_ = held.take(HeldKind::config, kept.number_);
        if (numbers.size() > 1) kept.previous_ = held.take(HeldKind::config, kept.number_ - 1);
        const Result<Kept> bytes = read_kept(kept.current_.get());
        if (!bytes) return stop(bytes.error());
        kept.path_ = bytes->path;
        Started<conf::Config> loaded = kept.current();
        if (!loaded) return Failure<StartError>{loaded.error()};
        *config = std::move(*loaded);
        return kept;
    }
    const Result<std::string> path = conf::find_config(options.config);
    if (!path) return stop(path.error(), kExitConfig);
    kept.path_ = *path;
    Candidate candidate = kept.read_files();
    if (!candidate.mistakes.empty()) return stop(Error{all_text(candidate.mistakes)}, kExitConfig);
    Result<UniqueFd> copied = kept.copy(candidate);
    if (!copied) return stop(copied.error());
    kept.current_ = std::move(*copied);
    link.hold(held_name(HeldKind::config), kept.current_.get());
    *config = std::move(candidate.config);
    return kept;
}

Started<conf::Config> KeptConfig::current() const {
    return load_kept(current_.get());
}

std::optional<Started<conf::Config>> KeptConfig::previous() const {
    if (!previous_) return std::nullopt;
    return load_kept(previous_.get());
}

std::optional<conf::KeyOrigins> KeptConfig::origins(const std::string& service, bool in_force) const {
    std::optional<conf::Origins> read;
    std::optional<conf::Origins>& origins = in_force ? origins_ : read;
    if (!origins) {
        conf::Origins found;
        if (!load_kept((in_force ? current_ : previous_).get(), &found)) return std::nullopt;
        origins = std::move(found);
    }
    const auto of_service = origins->find(service);
    return of_service == origins->end() ? std::nullopt : std::optional(of_service->second);
}

KeptConfig::Candidate KeptConfig::read_files() const {
    conf::DiskSource disk;
    conf::Loaded loaded = conf::load(path_, disk);
    return {std::move(loaded.config), std::move(loaded.diagnostics), disk.bundle()};
}

Result<UniqueFd> KeptConfig::copy(const Candidate& candidate) const {
    return write_kept({path_, candidate.bundle});
}

void KeptConfig::replace(const UniqueFd& copy, KeeperLink& link) const {
    link.hold(held_name(HeldKind::config, number_ + 1), copy.get());
}

void KeptConfig::forget_previous(KeeperLink& link) {
    if (!previous_) return;
    previous_.reset();
    link.release(held_name(HeldKind::config, number_ - 1));
}

}  // namespace yard::engine
