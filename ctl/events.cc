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

// Takes events as they come, and knows where to go on when the engine was replaced.
class EventReader {
  public:
    explicit EventReader(Context& context) : context_(context) {}

    // Fixes where "from now on" is, so that nothing is lost if the engine dies before the first event comes.
    Result<Unit, Trouble> begin_now() {
        const auto parameters = [] { return Json(Json::Object{{"follow", false}, {"last", 1}}); };
        const auto take = [this](const Reply& reply) {
            if (reply.parameters.has("event")) last_seq_ = reply.parameters["event"]["seq"].as_int();
            return true;
        };
        last_seq_ = 0;
        return context_.session.stream("Subscribe", parameters, take);
    }

    Result<Unit, Trouble> read() {
        const auto take = [this](const Reply& reply) { return accept(reply.parameters); };
        return context_.session.stream(
            "Subscribe", [this] { return parameters(); }, take);
    }

  private:
    Json parameters() const {
        const Arguments& args = context_.args;
        Json asked = with_names(args.names);
        asked.set("follow", args.follow);
        if (last_seq_) {
            asked.set("since_seq", *last_seq_);
            return asked;
        }
        if (args.lines) asked.set("last", *args.lines);
        if (args.since) asked.set("since_ms", int64_t{args.since->count()});
        return asked;
    }

    bool accept(const Json& parameters) {
        if (const int64_t missed = parameters["missed"].as_int(); missed > 0) {
            context_.err.line("ctl: " + std::to_string(missed) +
                              " events came too fast and are missing here");
        }
        const Json& event = parameters["event"];
        if (event.is_null()) return true;
        last_seq_ = event["seq"].as_int();
        context_.out.line(context_.args.json ? event.dump() : event_line(event, context_.terminal));
        if (context_.args.follow) context_.out.flush();
        return !context_.out.closed();
    }

    Context& context_;
    std::optional<int64_t> last_seq_;
};

}  // namespace

Outcome run_events(Context& context) {
    const Arguments& args = context.args;
    if (args.lines && *args.lines < 0)
        return trouble(ExitCode::usage, "a number of events cannot be negative");
    EventReader reader(context);
    context.session.wait_for_ever();
    if (args.follow && !args.lines && !args.since) {
        if (const auto begun = reader.begin_now(); !begun) return trouble(begun.error());
    }
    if (const auto ended = reader.read(); !ended) return trouble(ended.error());
    return ExitCode::done;
}

}  // namespace yard::ctl
