// ctl status
#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/service_view.h"

namespace yard::ctl {
namespace {

using varlink::Json;

// Exit code 3 only where services were named: "is everything up?" is not what `ctl status` alone asks.
ExitCode verdict(const Arguments& args, const Json& services) {
    if (args.names.empty()) return ExitCode::done;
    for (const Json& service : services.as_array()) {
        if (!counts_as_running(service["state"].as_string())) return ExitCode::not_running;
    }
    return ExitCode::done;
}

bool asks_for_one(const Arguments& args, const Json& services) {
    return args.names.size() == 1 && !is_glob(args.names.front()) && services.as_array().size() == 1;
}

}  // namespace

Outcome run_status(Context& context) {
    const Result<Json, Trouble> reply = context.session.call("Status", with_names(context.args.names));
    if (!reply) return trouble(reply.error());
    const Json& services = (*reply)["services"];
    const WallTime now = SystemClock().wall_now();
    if (context.args.json) {
        context.out.line(services_json(services).dump());
    } else if (asks_for_one(context.args, services)) {
        context.out.write(service_details(services.as_array().front(), now, context.terminal));
    } else {
        context.out.write(status_table(services, now).draw(context.terminal));
    }
    return verdict(context.args, services);
}

}  // namespace yard::ctl
