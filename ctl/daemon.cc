// ctl ping, version, shutdown
#include <unistd.h>

#include <cstdio>

#include "base/clock.h"
#include "ctl/commands.h"
#include "ctl/progress.h"
#include "ctl/waiting_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

std::string milliseconds_text(Duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(duration.count()) / 1e6);
    return text;
}

// A person hears who is waited for.
void wait_for_the_end(Context& context) {
    if (context.args.json || !context.error_terminal.can_redraw) return context.session.wait_until_gone();
    Session looking(context.session.socket_path());
    Progress progress(STDERR_FILENO, context.error_terminal);
    TellingTimes times;
    const auto tell = [&] {
        const Duration took = times.told();
        const auto services = looking.call("Status");
        if (services) progress.show(shutdown_text((*services)["services"], took));
        return true;
    };
    const varlink::Quiet quiet{[&] { return times.left(); }, tell};
    context.session.wait_until_gone(&quiet);
}

}  // namespace

Outcome run_ping(Context& context) {
    const BootTime before = SystemClock().now();
    const Result<Json, Trouble> reply = context.session.call("Ping");
    if (!reply) return trouble(reply.error());
    const Duration took = SystemClock().now() - before;
    if (context.args.json) {
        context.out.line(reply->dump());
    } else {
        context.out.line("the daemon answered in " + milliseconds_text(took) + " (keeper " +
                         std::to_string((*reply)["keeper_pid"].as_int()) + ", engine " +
                         std::to_string((*reply)["pid"].as_int()) + ")");
    }
    return ExitCode::done;
}

Outcome run_version(Context& context) {
    const Result<Json, Trouble> reply = context.session.call("GetVersion");
    const Json daemon = reply ? (*reply)["version"] : Json();
    if (context.args.json) {
        context.out.line(Json(Json::Object{{"ctl", YARD_VERSION}, {"daemon", daemon}}).dump());
    } else {
        context.out.line("ctl " YARD_VERSION);
        if (reply) context.out.line("daemon " + context.terminal.safe(daemon.as_string()));
    }
    if (!reply) return trouble(reply.error());
    return ExitCode::done;
}

Outcome run_shutdown(Context& context) {
    context.session.wait_for_ever();
    const Result<Json, Trouble> reply = context.session.call("Shutdown", mutating(Json(Json::Object{})));
    if (!reply && !context.session.daemon_ended()) return trouble(reply.error());
    if (reply && !context.args.no_wait) wait_for_the_end(context);
    if (context.args.json) context.out.line("{}");
    return ExitCode::done;
}

}  // namespace yard::ctl
