// ctl status
#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/service_table.h"
#include "ctl/service_view.h"
#include "ctl/status_watch.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

// What the replies add up to.
struct Shown {
    ServiceTable table;
    Json::Array services;  // in full, where the table is not all that is shown of them
    bool all_up = true;
};

bool names_one(const Arguments& args) {
    return args.names.size() == 1 && !is_glob(args.names.front());
}

void add(Shown& shown, const Json& service, bool in_full) {
    shown.all_up = shown.all_up && counts_as_running(service["state"].as_string());
    shown.table.add(service, SystemClock().wall_now());
    if (in_full) shown.services.push_back(service);
}

void print(Context& context, Shown& shown) {
    if (context.args.json) {
        context.out.line(services_json(std::move(shown.services)).dump());
    } else if (shown.services.size() == 1) {
        context.out.write(
            service_details(shown.services.front(), SystemClock().wall_now(), context.terminal));
    } else {
        context.out.write(shown.table.draw(context.terminal));
        if (context.terminal.is_tty) context.out.line("\n" + shown.table.summary(context.terminal));
    }
}

}  // namespace

Outcome run_status(Context& context) {
    const Arguments& args = context.args;
    if (args.watch) return watch_status(context);
    const bool in_full = args.json || names_one(args);
    const ServiceTable empty(ServiceTable::order_for(context.terminal));
    Shown shown{empty, {}};
    const auto begin = [&] {
        shown = {empty, {}};
        return with_names(args.names);
    };
    const auto take = [&](const Reply& reply) {
        for (const Json& service : reply.parameters["services"].as_array()) add(shown, service, in_full);
        return true;
    };
    if (const auto streamed = context.session.stream("Status", begin, take); !streamed)
        return trouble(streamed.error());
    print(context, shown);
    // Exit code 3 only where services were named: "is everything up?" is not what `ctl status` alone asks.
    return args.names.empty() || shown.all_up ? ExitCode::done : ExitCode::not_running;
}

}  // namespace yard::ctl
