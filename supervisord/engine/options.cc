#include "engine/options.h"

#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace yard::engine {

const char kUsage[] =
    "Usage: supervisord [-c FILE] [OPTION]...\n"
    "Runs the services of a configuration file and keeps them running.\n\n"
    "  -c, --config FILE      configuration (default: $YARD_CONFIG, ./yard.yaml,\n"
    "                         $XDG_CONFIG_HOME/yardmaster/yard.yaml, /etc/yardmaster/yard.yaml)\n"
    "      --socket PATH      control socket (default: control.sock in the runtime directory)\n"
    "      --runtime-dir DIR  sockets and state of this run (default: $YARD_RUNTIME_DIR; root: "
    "/run/yardmaster;\n"
    "                         others: $XDG_RUNTIME_DIR/yardmaster, else /tmp/yardmaster-UID)\n"
    "      --state-dir DIR    log files, in DIR/log (default: $YARD_STATE_DIR; root: /var/lib/yardmaster;\n"
    "                         others: $XDG_STATE_HOME/yardmaster, else ~/.local/state/yardmaster)\n"
    "      --daemonize        go to the background once everything is set up\n"
    "      --check            print the mistakes in the configuration and end\n"
    "      --version          print the version\n"
    "  -h, --help             print this\n\n"
    "Example: supervisord -c yard.yaml    then, in another terminal: ctl status\n";

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

std::string default_state_dir() {
    if (geteuid() == 0) return "/var/lib/yardmaster";
    const std::string xdg = environment("XDG_STATE_HOME");
    return (xdg.empty() ? environment("HOME") + "/.local/state" : xdg) + "/yardmaster";
}

std::string first_of(const std::string& a, const std::string& b, const std::string& c) {
    return absolute(!a.empty() ? a : !b.empty() ? b : c);
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
    enum Long { kSocket = 256, kRuntimeDir, kStateDir, kDaemonize, kCheck, kVersion };
    static const option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                      {"socket", required_argument, nullptr, kSocket},
                                      {"runtime-dir", required_argument, nullptr, kRuntimeDir},
                                      {"state-dir", required_argument, nullptr, kStateDir},
                                      {"daemonize", no_argument, nullptr, kDaemonize},
                                      {"check", no_argument, nullptr, kCheck},
                                      {"version", no_argument, nullptr, kVersion},
                                      {"help", no_argument, nullptr, 'h'},
                                      {}};
    Options options;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":c:h", kOptions, nullptr)) != -1;) {
        switch (c) {
            case 'c':
                options.config = optarg;
                break;
            case kSocket:
                options.socket = optarg;
                break;
            case kRuntimeDir:
                options.runtime_dir = optarg;
                break;
            case kStateDir:
                options.state_dir = optarg;
                break;
            case kDaemonize:
                break;  // the keeper's
            case kCheck:
                options.check = true;
                break;
            case kVersion:
                options.version = true;
                break;
            case 'h':
                options.help = true;
                break;
            case ':':
                return fail(std::string(argv[optind - 1]) + " needs a value; see supervisord --help");
            default:
                return fail("unknown option " + std::string(argv[optind - 1]) + "; see supervisord --help");
        }
    }
    if (optind < argc)
        return fail("unexpected argument " + std::string(argv[optind]) + "; see supervisord --help");
    return options;
}

Status make_folder(const std::string& path, unsigned mode) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (mkdir(path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) {
            return fail(system_error("make folder", path.substr(0, slash)));
        }
    }
    if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail(system_error("make folder", path));
    return Ok();
}

Result<Folders> make_folders(const Options& options) {
    Folders folders;
    folders.runtime = first_of(options.runtime_dir, environment("YARD_RUNTIME_DIR"), default_runtime_dir());
    folders.state = first_of(options.state_dir, environment("YARD_STATE_DIR"), default_state_dir());
    folders.socket = first_of(options.socket, environment("YARD_SOCKET"), folders.runtime + "/control.sock");
    // Root's services run as other users, who must reach their sockets and may not look around; anyone may reach
    // the control socket, which checks its peer.
    const unsigned run_mode = geteuid() == 0 ? 0711 : 0700;
    for (const auto& [path, mode] : {std::pair{folders.runtime, run_mode},
                                     {folders.runtime + "/out", run_mode},
                                     {folders.runtime + "/notify", run_mode},
                                     {folders.runtime + "/ready", run_mode},
                                     {folders.state, 0755u},
                                     {folders.state + "/log", 0755u}}) {
        if (Status made = make_folder(path, mode); !made) {
            return fail(made.error().message + " (--runtime-dir and --state-dir name other places)");
        }
    }
    struct stat info {};
    if (lstat(folders.runtime.c_str(), &info) != 0) return fail(system_error("stat", folders.runtime));
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
        return fail("the runtime directory " + folders.runtime +
                    " is not a folder of this user; name another with --runtime-dir");
    }
    return folders;
}

}  // namespace yard::engine
