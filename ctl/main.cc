#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "ctl/cli.h"
#include "ctl/commands.h"
#include "ctl/help.h"

namespace yard::ctl {
namespace {

ExitCode report(const Trouble& what) {
    Output err(STDERR_FILENO);
    err.line("ctl: " + what.sentence);
    err.flush();
    return what.code;
}

ExitCode finish(Output& out, ExitCode code) {
    const Status written = out.finish();
    return written ? code : report({ExitCode::failed, written.error().message});
}

ExitCode run_command(const Invocation& invocation, Output& out) {
    Session session(varlink::default_socket_path(invocation.arguments.socket),
                    "\"ctl " + std::string(invocation.command->name) + "\"");
    Output err(STDERR_FILENO);
    Context context{invocation.arguments,       session, out, err, Terminal::of(STDOUT_FILENO),
                    Terminal::of(STDERR_FILENO)};
    const Outcome outcome = invocation.command->run(context);
    const ExitCode written = finish(out, ExitCode::done);
    err.flush();
    if (!outcome) return report(outcome.error());
    return *outcome == ExitCode::done ? written : *outcome;
}

std::string help_for(const Invocation& invocation) {
    if (invocation.command) return command_help(*invocation.command);
    return invocation.family.empty() ? general_help() : family_help(invocation.family);
}

ExitCode run(const std::vector<std::string>& words) {
    const Result<Invocation, Trouble> invocation = parse_command_line(words);
    if (!invocation) return report(invocation.error());
    Output out(STDOUT_FILENO);
    if (invocation->arguments.help) {
        out.write(help_for(*invocation));
        return finish(out, ExitCode::done);
    }
    if (invocation->arguments.version) {
        out.line("ctl " YARD_VERSION);
        return finish(out, ExitCode::done);
    }
    return run_command(*invocation, out);
}

// With standard output closed, the socket would get its number, and the daemon what was meant for people.
void fill_standard_descriptors() {
    UniqueFd fd;
    do {
        static_cast<void>(fd.release());
        fd.reset(open("/dev/null", O_RDWR | O_CLOEXEC));
    } while (fd && fd.get() <= STDERR_FILENO);
}

// It is used again within milliseconds: given back to the kernel, each page would have to be asked for anew.
void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace
}  // namespace yard::ctl

int main(int argc, char** argv) {
    yard::ctl::keep_freed_memory();
    // A reader that leaves is noticed by write(2), so that the exit code still says what became of the order.
    signal(SIGPIPE, SIG_IGN);
    yard::ctl::fill_standard_descriptors();
    return static_cast<int>(yard::ctl::run({argv + (argc > 0), argv + argc}));
}
