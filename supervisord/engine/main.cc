// yard-engine: started by supervisord, with the keeper's socket as descriptor 3.
#include <fcntl.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "engine/engine.h"
#include "engine/options.h"
#include "engine/startup.h"
#include "engine/version.h"

namespace {

using namespace yard;
using namespace yard::engine;

int complain(const std::string& message, int code) {
    std::fprintf(stderr, "supervisord: %s\n", message.c_str());
    return code;
}

int run_engine(const Options& options) {
    // A terminal sends these to all of its foreground; they are for the keeper, which passes them on.
    for (const int number : {SIGHUP, SIGINT, SIGQUIT}) signal(number, SIG_IGN);
    // Large buffers, such as compression's, are mapped and given back. By itself malloc raises this threshold to the
    // largest that was ever freed, and from then on each thread's arena keeps as much for good.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    // The keeper kills an engine that closes the socket. A duplicate that nothing closes lets this one say
    // why it cannot work, and end with its exit code.
    static_cast<void>(fcntl(keeper::kEngineSocketFd, F_DUPFD_CLOEXEC, 0));
    Inventory inventory;
    Result<KeeperLink> link = KeeperLink::open(UniqueFd(keeper::kEngineSocketFd), &inventory);
    if (!link) return complain(link.error().message, kExitSystem);
    auto engine = Engine::create(options, std::move(*link), inventory);
    if (!engine) return complain(engine.error().message, engine.error().exit_code);
    (*engine)->run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    signal(SIGPIPE, SIG_IGN);
    const Result<Options> options = parse_options(argc, argv);
    if (!options) return complain(options.error().message, kExitUsage);
    if (options->help) return std::fputs(kUsage, stdout), 0;
    if (options->version) return std::puts("supervisord " YARD_VERSION), 0;
    if (options->check) return check_config(*options);
    return run_engine(*options);
}
