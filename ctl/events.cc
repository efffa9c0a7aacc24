// ctl events
#include "ctl/commands.h"
#include "ctl/service_view.h"
#include "ctl/time_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

std::string event_line(const Json& event, const Terminal& terminal) {
    const auto text = [&](const char* name) { return terminal.safe(event[name].as_string()); };
    const std::optional<WallTime> time = parse_rfc3339(event["time"].as_string());
    std::string line = terminal.paint(time ? local_time_words(*time) : text("time"), Colour::dim) + "  ";
    line += text("service") + ": " + text("from") + " -> ";
    line += terminal.paint(text("to"), state_colour(event["to"].as_string()));
    if (event.has("cause")) line += "  " + text("cause");
    return line;
}

}  // namespace

Outcome run_events(Context& context) {
    std::optional<int64_t> last_seq;
    const auto parameters = [&] {
        Json asked{Json::Object{}};
        if (last_seq) asked.set("since_seq", *last_seq);
        return asked;
    };
    const auto take = [&](const Reply& reply) {
        const Json& event = reply.parameters["event"];
        if (event.is_null()) return true;
        last_seq = event["seq"].as_int();
        context.out.line(context.args.json ? event.dump() : event_line(event, context.terminal));
        context.out.flush();
        return !context.out.closed();
    };
    context.session.wait_for_ever();
    const auto streamed = context.session.stream("Subscribe", parameters, take);
    if (!streamed) return trouble(streamed.error());
    return ExitCode::done;
}

}  // namespace yard::ctl
