#include "engine/folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

namespace yard::engine {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string absolute(const std::string& path) {
    if (path.empty() || path[0] == '/') return path;
    char* cwd = getcwd(nullptr, 0);
    const std::string full = std::string(cwd == nullptr ? "." : cwd) + "/" + path;
    std::free(cwd);
    return full;
}

std::string default_runtime_dir() {
    if (geteuid() == 0) return "/run/yardmaster";
    const std::string xdg = environment("XDG_RUNTIME_DIR");
    if (!xdg.empty()) return xdg + "/yardmaster";
    const std::string temporary = environment("TMPDIR");
    return (temporary.empty() ? "/tmp" : temporary) + "/yardmaster-" + std::to_string(geteuid());
}

std::string first_of(const std::string& a, const std::string& b, const std::string& c) {
    return absolute(!a.empty() ? a : !b.empty() ? b : c);
}

Result<std::string> state_dir(const Options& options) {
    if (const std::string named = first_of(options.state_dir, environment("YARD_STATE_DIR"), "");
        !named.empty())
        return named;
    const StateOwner owner{geteuid(), environment("XDG_STATE_HOME"), environment("HOME")};
    return default_state_dir(owner, SystemUserDatabase());
}

// mkdir(2) with parents; an existing folder is fine.
Status make_folder(const std::string& path, unsigned mode) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (mkdir(path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) {
            return fail(system_error("make folder", path.substr(0, slash)));
        }
    }
    if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail(system_error("make folder", path));
    return Ok();
}

Status check_runtime_dir(const std::string& path) {
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) return fail(system_error("stat", path));
    if (S_ISDIR(info.st_mode) && info.st_uid == geteuid()) return Ok();
    return fail("the runtime directory " + path +
                " is not a folder of this user; name another with --runtime-dir");
}

}  // namespace

Result<std::string> default_state_dir(const StateOwner& owner, const UserDatabase& users) {
    if (owner.uid == 0) return std::string("/var/lib/yardmaster");
    if (!owner.xdg_state_home.empty()) return absolute(owner.xdg_state_home) + "/yardmaster";
    std::string home = owner.home;
    if (home.empty()) {
        const Result<std::optional<User>> user = users.user_by_id(owner.uid);
        if (user && *user) home = (*user)->home;
    }
    if (!home.empty()) return absolute(home) + "/.local/state/yardmaster";
    return fail("there is no place for log files, as uid " + std::to_string(owner.uid) +
                " has no home directory; name a folder with --state-dir");
}

Result<Folders> make_folders(const Options& options, bool keeps_logs) {
    Folders folders;
    folders.runtime = first_of(options.runtime_dir, environment("YARD_RUNTIME_DIR"), default_runtime_dir());
    folders.socket = first_of(options.socket, environment("YARD_SOCKET"), folders.runtime + "/control.sock");
    // Root's services run as other users, who must reach their sockets and may not look around; anyone may reach
    // the control socket, which checks its peer.
    const unsigned run_mode = geteuid() == 0 ? 0711 : 0700;
    std::vector<std::pair<std::string, unsigned>> wanted;
    for (const char* inside : {"", "/out", "/command", "/notify", "/ready", "/pipes"})
        wanted.emplace_back(folders.runtime + inside, run_mode);
    const Result<std::string> state = state_dir(options);
    if (keeps_logs && !state) return fail(state.error());
    folders.logs = (state ? *state : folders.runtime) + "/log";  // where nobody keeps any, none are found
    folders.audit = (state ? *state : folders.runtime) + "/audit.log";
    if (keeps_logs) wanted.emplace_back(folders.logs, 0755);
    for (const auto& [path, mode] : wanted) {
        if (Status made = make_folder(path, mode); !made) {
            return fail(made.error().message + " (--runtime-dir and --state-dir name other places)");
        }
    }
    if (Status ours = check_runtime_dir(folders.runtime); !ours) return fail(ours.error());
    return folders;
}

}  // namespace yard::engine
