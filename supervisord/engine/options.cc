#include "engine/options.h"

#include <getopt.h>

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

}  // namespace yard::engine
